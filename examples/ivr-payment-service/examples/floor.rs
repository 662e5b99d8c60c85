//! The least a SIP service can cost: calls are answered, 20 ms frames of silence are sent, what comes is read and forgotten.
//!
//! `.ci/load` runs it beside the service under the same load, so that the service's figures have something to be compared with
//! on whatever machine they were taken. It prints its port and runs until it is ended.
//!
//! ```sh
//! cargo run --release -p ivr-payment-service --example floor
//! ```
#![allow(clippy::expect_used, reason = "without its sockets it has nothing to do")]

use core::net::{Ipv4Addr, SocketAddr};
use core::time::Duration;
use std::sync::Arc;

use rsipstack::EndpointBuilder;
use rsipstack::dialog::dialog::{DialogState, DialogStateReceiver};
use rsipstack::dialog::dialog_layer::DialogLayer;
use rsipstack::dialog::invite_dialog::InviteDialog;
use rsipstack::sip::{Header, Method, StatusCode, Uri};
use rsipstack::transaction::transaction::Transaction;
use rsipstack::transport::TransportLayer;
use rsipstack::transport::udp::UdpConnection;
use tokio::net::UdpSocket;
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() {
    let cancel = CancellationToken::new();
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let udp = UdpConnection::create_connection(any, None, Some(cancel.child_token())).await;
    let udp = udp.expect("a port of this machine is free");
    let address = udp.get_addr().get_socketaddr().expect("a bound socket has an address");
    let transport = TransportLayer::new(cancel.clone());
    transport.add_transport(udp.into());
    let endpoint =
        EndpointBuilder::new().with_transport_layer(transport).with_cancel_token(cancel.clone()).build();
    let dialogs = Arc::new(DialogLayer::new(endpoint.inner.clone()));
    let mut incoming = endpoint.incoming_transactions().expect("nobody else asks for them");
    tokio::spawn(async move { endpoint.serve().await });
    println!("sip:floor@{address}");
    while let Some(transaction) = incoming.recv().await {
        tokio::spawn(dispatch(dialogs.clone(), address, transaction));
    }
}

/// One request: a call begins or ends.
async fn dispatch(dialogs: Arc<DialogLayer>, address: SocketAddr, mut transaction: Transaction) {
    let method = transaction.original.method;
    let answered = match (method, dialogs.match_dialog(&transaction)) {
        (Method::Ack, _) => Ok(()),
        (_, Some(mut dialog)) => dialog.handle(&mut transaction).await,
        (Method::Invite, None) => match answer(&dialogs, address, &transaction).await {
            Some(mut dialog) => dialog.handle(&mut transaction).await,
            None => transaction.reply(StatusCode::NotAcceptableHere).await,
        },
        _ => transaction.reply(StatusCode::CallTransactionDoesNotExist).await,
    };
    drop(answered);
}

/// Answers a call and lets it run.
async fn answer(
    dialogs: &Arc<DialogLayer>,
    address: SocketAddr,
    transaction: &Transaction,
) -> Option<InviteDialog> {
    let peer = media_of(&transaction.original.body)?;
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.ok()?;
    let port = socket.local_addr().ok()?.port();
    let contact = Uri::try_from(format!("sip:floor@{address}")).ok()?;
    let (states, changes) = dialogs.new_dialog_state_channel();
    let dialog = dialogs.get_or_create_server_invite(transaction, states, None, Some(contact)).ok()?;
    let sdp = format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP 0 96\r\n\
         a=rtpmap:0 PCMU/8000\r\na=rtpmap:96 telephone-event/8000\r\na=fmtp:96 0-16\r\na=ptime:20\r\n"
    );
    let headers = vec![Header::ContentType("application/sdp".into())];
    dialog.accept(Some(headers), Some(sdp.into_bytes())).ok()?;
    tokio::spawn(run(dialogs.clone(), dialog.clone(), changes, socket, peer));
    Some(dialog)
}

/// The call's audio, until the caller hangs up.
async fn run(
    dialogs: Arc<DialogLayer>,
    dialog: InviteDialog,
    mut changes: DialogStateReceiver,
    socket: UdpSocket,
    peer: SocketAddr,
) {
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    let mut heard = [0; 2048];
    let (mut sequence, mut timestamp) = (0_u16, 0_u32);
    let ssrc: u32 = rand::random();
    loop {
        tokio::select! {
            received = socket.recv_from(&mut heard) => drop(received),
            _ = ticks.tick() => {
                drop(socket.try_send_to(&packet(sequence, timestamp, ssrc), peer));
                (sequence, timestamp) = (sequence.wrapping_add(1), timestamp.wrapping_add(160));
            }
            change = changes.recv() => if matches!(change, None | Some(DialogState::Terminated(..))) { break },
        }
    }
    dialogs.remove_dialog(&dialog.id());
}

/// 20 ms of silence in PCMU (RFC 3550, 5.1).
fn packet(sequence: u16, timestamp: u32, ssrc: u32) -> [u8; 172] {
    let mut packet = [0xff; 172];
    packet[..2].copy_from_slice(&[0x80, 0]);
    packet[2..4].copy_from_slice(&sequence.to_be_bytes());
    packet[4..8].copy_from_slice(&timestamp.to_be_bytes());
    packet[8..12].copy_from_slice(&ssrc.to_be_bytes());
    packet
}

/// Where the caller wants its audio.
fn media_of(sdp: &[u8]) -> Option<SocketAddr> {
    let sdp = core::str::from_utf8(sdp).ok()?;
    let value = |name: &str| sdp.lines().find_map(|line| line.strip_prefix(name));
    let address = value("c=IN IP4 ")?.trim().parse().ok()?;
    let port = value("m=audio ")?.split(' ').next()?.parse().ok()?;
    Some(SocketAddr::new(address, port))
}
