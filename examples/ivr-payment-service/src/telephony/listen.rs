//! The sockets SIP listens on.

use core::net::SocketAddr;
use core::time::Duration;

use rsipstack::EndpointBuilder;
use rsipstack::transaction::Endpoint;
use rsipstack::transaction::endpoint::EndpointOption;
use rsipstack::transport::TransportLayer;
use rsipstack::transport::tcp_listener::TcpListenerConnection;
use rsipstack::transport::udp::UdpConnection;
use tokio_util::sync::CancellationToken;

use super::endpoint::StartError;
use super::tls;
use crate::config::SipConfig;

/// Where SIP really listens, once free ports have been chosen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Listening {
    pub(super) udp: SocketAddr,
    pub(super) tcp: SocketAddr,
    pub(super) tls: Option<SocketAddr>,
}

/// Opens both transports and builds the endpoint around them.
pub(super) async fn open(
    sip: &SipConfig,
    cancel: &CancellationToken,
) -> Result<(Endpoint, Listening), StartError> {
    let transport = TransportLayer::new(cancel.clone());
    // A payment call can last longer than the library's five idle minutes, and its BYE needs the connection.
    transport.set_stream_idle_timeout(STREAM_IDLE);
    let (udp, udp_address, tcp_address) = bind(sip, cancel).await?;
    let refused = |_| StartError::Listen { transport: "tcp", address: tcp_address };
    let tcp = TcpListenerConnection::new(tcp_address, None).await.map_err(refused)?;
    transport.add_transport(udp.into());
    transport.add_transport(tcp.into());
    let tls = match &sip.tls {
        Some(config) => {
            let (listener, client, address) = tls::open(config).await?;
            transport.set_tls_config(client);
            transport.add_transport(listener.into());
            Some(address)
        }
        None => None,
    };
    let option =
        EndpointOption { callid_suffix: Some("paytone.invalid".to_owned()), ..EndpointOption::default() };
    let endpoint = EndpointBuilder::new()
        .with_user_agent(USER_AGENT)
        .with_transport_layer(transport)
        .with_cancel_token(cancel.clone())
        .with_option(option)
        .build();
    Ok((endpoint, Listening { udp: udp_address, tcp: tcp_address, tls }))
}

/// The library opens its TCP listener later and only logs a failure, so the address is tried here first. With port 0 for
/// both, UDP and TCP get the same number: phones expect that.
async fn bind(
    sip: &SipConfig,
    cancel: &CancellationToken,
) -> Result<(UdpConnection, SocketAddr, SocketAddr), StartError> {
    for _ in 0..PORT_TRIES {
        let udp = UdpConnection::create_connection(sip.udp, None, Some(cancel.child_token()))
            .await
            .map_err(|_| StartError::Listen { transport: "udp", address: sip.udp })?;
        let udp_address = udp
            .get_addr()
            .get_socketaddr()
            .map_err(|_| StartError::Listen { transport: "udp", address: sip.udp })?;
        let shared = sip.tcp.port() == 0;
        let port = if shared { udp_address.port() } else { sip.tcp.port() };
        let tcp_address = SocketAddr::new(sip.tcp.ip(), port);
        match std::net::TcpListener::bind(tcp_address) {
            Ok(_) => return Ok((udp, udp_address, tcp_address)),
            Err(_) if shared && sip.udp.port() == 0 => {}
            Err(_) => return Err(StartError::Listen { transport: "tcp", address: tcp_address }),
        }
    }
    Err(StartError::Listen { transport: "tcp", address: sip.tcp })
}

const USER_AGENT: &str = concat!("Paytone/", env!("CARGO_PKG_VERSION"));
const STREAM_IDLE: Duration = Duration::from_secs(2 * 60 * 60);
/// How many UDP ports are tried for one whose TCP twin is free too.
const PORT_TRIES: usize = 16;
