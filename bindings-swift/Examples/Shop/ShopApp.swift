import KopoKopo
import SwiftUI

@main
struct ShopApp: App {
    var body: some Scene {
        WindowGroup { CheckoutView() }
    }
}

struct CheckoutView: View {
    @State private var phoneNumber = ""
    @State private var message = ""
    @State private var payment: Task<Void, Never>?

    var body: some View {
        Form {
            TextField("Phone number", text: $phoneNumber).keyboardType(.phonePad)
            Button("Pay KES 100", action: pay).disabled(payment != nil)
            Text(message)
        }
        // Leaving the view ends the polling. The payment is not cancelled, and the backend receives its result.
        .onDisappear { payment?.cancel() }
    }

    private func pay() {
        payment = Task {
            defer { payment = nil }
            do {
                let checkout = try Checkout(session: "the session of the signed-in user")
                let states = try await checkout.states(amount: 100, phoneNumber: Personal(phoneNumber), order: "42")
                for try await state in states {
                    message = state.isPaid ? "Paid. Thank you." : state.isFinal ? "Not paid." : "Please enter your PIN."
                }
            } catch is CancellationError {
                message = ""
            } catch {
                message = Checkout.sentence(error)
            }
        }
    }
}
