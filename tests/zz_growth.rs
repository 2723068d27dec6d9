mod common;
use common::{Seeded, device_of};
use std::time::Instant;
use tigress_signal::identifier::{Address, DeviceId, Recipient, UserId};
use tigress_signal::sesame::Device;
use tigress_signal::suite::Tigress1;
use tigress_signal::timestamp::Timestamp;
use tigress_signal::transfer::{Offer, Offered};
use tigress_signal::wallet::{Wallet, WalletEvent};
#[test]
fn growth() {
    for n in [10_u64, 100, 1_000, 10_000] {
        let (address, keys) = device_of(&Tigress1, 1);
        let _ = address;
        let address = Address {
            user_id: UserId::random(&mut Seeded(5)).unwrap(),
            device_id: DeviceId::try_from(1).unwrap(),
        };
        let mut wallet = Wallet::new(Device::new(&Tigress1, address, keys.keys().clone()));
        let mut r = Seeded(7);
        wallet
            .step(WalletEvent::Tick, Timestamp(1_000_000), &mut r)
            .unwrap();
        let offer = |i: u64| {
            WalletEvent::Offer(Offer {
                to: Recipient::Device(Address {
                    user_id: UserId::random(&mut Seeded(1000 + i)).unwrap(),
                    device_id: DeviceId::try_from(1).unwrap(),
                }),
                what: Offered::AuthorizationToken(vec![1; 32].into()),
                lifetime: None,
            })
        };
        for i in 0..n {
            wallet.step(offer(i), Timestamp(1_000_000), &mut r).unwrap();
        }
        let id = *wallet.transfers().states().nth((n / 2) as usize).unwrap().0;
        let mut t = |name: &str, event: &dyn Fn() -> WalletEvent| {
            let mut best = u128::MAX;
            for _ in 0..30 {
                let mut w = wallet.clone();
                let e = event();
                let start = Instant::now();
                w.step(e, Timestamp(1_000_001), &mut r).unwrap();
                best = best.min(start.elapsed().as_nanos());
            }
            println!("{n:>6} {name:<8} {best:>9} ns");
        };
        t("offer", &|| offer(n + 1));
        t("cancel", &|| WalletEvent::Cancel(id));
        t("tick", &|| WalletEvent::Tick);
    }
}
