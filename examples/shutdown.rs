//! A server that stops in good order: it finishes the calls it has taken and refuses new ones. What takes longer than
//! the grace period is cut off and reported.
//!
//! `cargo run --example shutdown`

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use rpc_core::{Delivery, RpcError, Server, ServerHandle, rpc_service};
use tokio::sync::{Notify, mpsc};

/// Bread.
#[rpc_service]
trait Bakery {
    /// Bakes until the bell rings.
    async fn bake(&self, what: &str) -> String;

    /// Bakes something that is never done.
    async fn bake_for_ever(&self);

    /// Whether someone is in.
    async fn knock(&self);
}

struct Baker {
    began: mpsc::UnboundedSender<()>,
    bell: Arc<Notify>,
}

impl Bakery for Baker {
    async fn bake(&self, what: &str) -> String {
        // Nobody listens any more once `main` has returned.
        let _ = self.began.send(());
        self.bell.notified().await;
        format!("fresh {what}")
    }

    async fn bake_for_ever(&self) {
        let _ = self.began.send(());
        pending().await
    }

    async fn knock(&self) {}
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (began, mut has_begun) = mpsc::unbounded_channel();
    let bell = Arc::new(Notify::new());

    let server = serve(Baker { began: began.clone(), bell: Arc::clone(&bell) }, Duration::from_secs(30)).await?;
    let bakery = BakeryClient::connect(server.local_addr()).await?;
    let bread = tokio::spawn(bakery.bake("bread"));
    has_begun.recv().await;
    println!("bread is in the oven; the bakery closes");
    let customer = async {
        let refused = knock_until_refused(&bakery).await;
        println!("a new call is refused: {}", if ran(&refused) { "it ran" } else { "it did not run" });
        bell.notify_one();
    };
    let (report, ()) = tokio::join!(server.shutdown(), customer);
    println!("the running call was finished: {}", bread.await??);
    println!("cut off: {} connections, {} calls", report.cut_connections, report.cut_calls);

    let server = serve(Baker { began, bell }, Duration::from_millis(50)).await?;
    let bakery = BakeryClient::connect(server.local_addr()).await?;
    let stone = tokio::spawn(bakery.bake_for_ever());
    has_begun.recv().await;
    println!("\na stone is in the oven; the bakery closes, and waits 50 ms");
    let report = server.shutdown().await;
    println!("cut off: {} connections, {} calls", report.cut_connections, report.cut_calls);
    for (method, calls) in report.cut_methods {
        println!("  {method} × {calls}");
    }
    match stone.await? {
        Err(error) => println!("its caller is told: {:?}, {}", error.code(), error.message()),
        Ok(()) => return Err("a stone was done".into()),
    }
    Ok(())
}

async fn serve(baker: Baker, grace: Duration) -> Result<ServerHandle, RpcError> {
    let server = Server::builder().service(BakeryServer::new(baker)).grace(grace);
    Ok(server.bind("tcp://127.0.0.1:0").await?.spawn())
}

/// The news that the server closes takes a moment to travel; until it arrives, knocks are answered.
async fn knock_until_refused(bakery: &BakeryClient) -> RpcError {
    loop {
        if let Err(refused) = bakery.knock().await {
            return refused;
        }
    }
}

fn ran(error: &RpcError) -> bool {
    !matches!(error.delivery(), Delivery::NotSent | Delivery::NotExecuted)
}
