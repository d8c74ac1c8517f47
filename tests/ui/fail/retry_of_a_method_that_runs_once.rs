use rpc_core::{RetryPolicy, rpc_service};

#[rpc_service]
pub trait Bank {
    async fn transfer(&self, amount: u64) -> u64;

    #[rpc(idempotent)]
    async fn balance(&self) -> u64;
}

async fn pay(bank: BankClient) {
    let _ = bank.balance().retry(RetryPolicy::default()).await;
    let _ = bank.transfer(7).retry(RetryPolicy::default()).await;
}

fn main() {}
