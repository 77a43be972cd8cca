internal import KopoKopoFFI
internal import KopoKopoRaw

/// The native library. It must be built from the same contract as this code. That is checked once, before the first call.
enum Library {
    #if os(iOS) || os(tvOS) || os(watchOS) || os(visionOS) || KOPOKOPO_MOBILE
        static let expected = contractHashOfApps
    #else
        static let expected = contractHash
    #endif

    /// A mismatch is permanent: each later call throws the same error.
    private static let mismatch = mismatch(found: hash(), isOfThisUniffi: { isOfThisUniffi })

    static func ready() throws {
        if let mismatch { throw mismatch }
    }

    static func mismatch(found: String?, isOfThisUniffi: () -> Bool) -> KopoKopoError? {
        if found == expected && isOfThisUniffi() { return nil }
        return KopoKopoError(
            .configuration,
            detail: "the native library is of contract \(found ?? "unknown"), this package of \(expected): "
                + "install both of the same version"
        )
    }

    /// UniFFI's own binding of this function ends the program if the library does not match.
    private static func hash() -> String? {
        var status = RustCallStatus(code: 0, errorBuf: RustBuffer(capacity: 0, len: 0, data: nil))
        let buffer = uniffi_kopokopo_ffi_fn_func_contract_hash(&status)
        guard status.code == 0, let data = buffer.data else { return nil }
        let text = String(decoding: UnsafeBufferPointer(start: data, count: Int(buffer.len)), as: UTF8.self)
        ffi_kopokopo_ffi_rustbuffer_free(buffer, &status)
        return text
    }
}
