//! What is there from the start: accounts of the merchant, and resources of version 1.

use serde_json::json;

use super::{Resource, Simulation};
use crate::clock::iso;

/// The ids that the documentation of the sandbox names.
const WALLET: &str = "11111111-1111-4111-8111-111111111111";
pub(super) const BANK_ACCOUNT: &str = "22222222-2222-4222-8222-222222222222";
const PAYMENT: &str = "33333333-3333-4333-8333-333333333333";
const SETTLEMENT: &str = "44444444-4444-4444-8444-444444444444";

impl Simulation {
    pub(super) fn seed(&mut self) {
        let now = iso(self.now());
        let disbursement = |kind: &str, reference: &str, transaction: Option<&str>| {
            json!({ "amount": "20000.0", "status": "Transferred", "destination_type": kind, "origination_time": now,
                "destination_reference": reference, "transaction_reference": transaction })
        };
        let rows = [
            (
                "merchant_wallets",
                "merchant_wallet",
                WALLET,
                "/api/v2/merchant_wallets",
                json!({ "first_name": "Jane", "last_name": "Doe", "phone_number": "254700000000", "network": "Safaricom", "status": "Approved" }),
            ),
            (
                "merchant_bank_accounts",
                "merchant_bank_account",
                BANK_ACCOUNT,
                "/api/v2/merchant_bank_accounts",
                json!({ "account_name": "Jane Doe", "bank_branch_ref": "c7f300c0-f1ef-4151-9bbe-005005aa3747", "account_number": "123456",
                    "settlement_method": "EFT", "status": "Approved" }),
            ),
            (
                "payments",
                "payment",
                PAYMENT,
                "/api/v1/payments",
                json!({ "status": "Processed", "created_at": now, "amount": { "currency": "KES", "value": 20000 },
                    "transfer_batches": [{ "status": "Transferred", "disbursements": [disbursement("Mobile Wallet", WALLET, Some("LBA10034460"))] }],
                    "metadata": { "notes": "Salary" } }),
            ),
            (
                "settlement_transfers",
                "settlement_transfer",
                SETTLEMENT,
                "/api/v2/settlement_transfers",
                json!({ "status": "Processed", "created_at": now, "amount": { "currency": "KES", "value": null },
                    "transfer_batches": [{ "status": "Transferred", "disbursements": [disbursement("Bank Account", BANK_ACCOUNT, None)] }] }),
            ),
        ];
        for (section, kind, id, path, attributes) in rows {
            // Both documents of version 1 have one.
            let callback_url = matches!(section, "payments" | "settlement_transfers")
                .then(|| "https://callback_to_your_app.your_application.com".to_owned());
            let attributes = attributes.as_object().cloned().unwrap_or_default();
            let resource =
                Resource { kind, attributes, callback_url, path: path.to_owned(), sample: true, ..Resource::default() };
            self.resources.seed(section, id, resource);
        }
    }
}
