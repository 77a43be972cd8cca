#if !(os(iOS) || os(tvOS) || os(watchOS) || os(visionOS) || KOPOKOPO_MOBILE)
    public import Foundation

    /// Whether the payment in a raw text covers an amount.
    private func covers(
        _ raw: Raw, _ record: String, _ amount: Decimal, _ currency: String, _ tillNumber: String?
    ) throws -> Bool {
        try KopoKopo.isPaidAtLeast(
            payment: raw, record: record, amount: amount, currency: currency, tillNumber: tillNumber)
    }

    extension Event {
        /// Whether this event reports that at least this amount was received, in this currency, into this till (nil: any).
        /// Check it before an order is credited, and credit it once for each `paymentKey`.
        ///
        /// Errors: `.invalidRequest` for an amount that is not greater than zero.
        public func isPaidAtLeast(_ amount: Decimal, currency: String = "KES", tillNumber: String? = nil) throws -> Bool
        {
            try covers(raw, "event", amount, currency, tillNumber)
        }
    }

    extension IncomingPayment {
        /// Whether at least this amount was received, in this currency, into this till (nil: any). Check it before an
        /// order is credited.
        ///
        /// Errors: `.invalidRequest` for an amount that is not greater than zero.
        public func isPaidAtLeast(_ amount: Decimal, currency: String = "KES", tillNumber: String? = nil) throws -> Bool
        {
            try covers(raw, "incoming_payment", amount, currency, tillNumber)
        }
    }

    extension PaymentLink {
        /// Whether at least this amount was received, in this currency, into this till (nil: any). Check it before an
        /// order is credited.
        ///
        /// Errors: `.invalidRequest` for an amount that is not greater than zero.
        public func isPaidAtLeast(_ amount: Decimal, currency: String = "KES", tillNumber: String? = nil) throws -> Bool
        {
            try covers(raw, "payment_link", amount, currency, tillNumber)
        }
    }
#endif
