# frozen_string_literal: true

# A shop that takes a payment: `puma -p 3000 config.ru`, with the variables that `k2 sandbox` prints, SHOP_DATABASE (a
# file) and SHOP_URL (where Kopo Kopo reaches it). It has everything in one file, and no layout, to be read in one go.

require "rails"
require "action_controller/railtie"
require "active_record/railtie"
require "kopokopo"

ENV["DATABASE_URL"] = "sqlite3:#{ENV.fetch("SHOP_DATABASE")}?pool=20&timeout=5000"

# The application.
class Shop < Rails::Application
  config.eager_load = true
  config.secret_key_base = ENV.fetch("SECRET_KEY_BASE") { SecureRandom.hex(64) }
  config.logger = Logger.new($stderr)
  config.kopokopo.journal = true
end

# Before Rails 8 a thread that waits for SQLite's lock stops the others, also the one that has the lock. With PostgreSQL
# this is not needed.
ActiveRecord::ConnectionAdapters::AbstractAdapter.set_callback(:checkout, :after) do |connection|
  connection.raw_connection.busy_handler { |count| sleep(0.002) && count < 2500 }
end

TILL = "K000000"

# An order is `new`, `asked` or `paid`.
class Order < ActiveRecord::Base
  validates :total, numericality: true
  # What is left of it in the database.
  validate { errors.add(:total, "must be greater than 0") unless total&.positive? }

  # Asks the customer to pay. The journal makes a second click harmless: it sends no second request. The attempt is part of the
  # key, and the next one begins only if the last one was refused or has failed.
  def ask(phone_number)
    # Committed before the request, because the result can arrive before it returns.
    update!(status: "asked") if status == "new"
    push = KopoKopo::Rails.client.incoming_payments.create(
      idempotency_key: "order-#{id}-#{attempt}",
      till_number: TILL,
      phone_number: phone_number,
      amount: total,
      callback_url: "#{ENV.fetch("SHOP_URL")}/k2/results",
      metadata: { order_id: id.to_s, attempt: attempt.to_s },
    )
    update!(push_id: push.id)
  rescue KopoKopo::InvalidRequestError => error
    # Refused without effect, if it is not about another phone number that is being asked: correct it, and try again.
    self.class.allow_another_attempt(id, attempt) unless error.field == "idempotency_key"
    raise
  end

  # Does nothing if the attempt is not the last one.
  def self.allow_another_attempt(id, attempt)
    where(id: id, attempt: attempt, status: "asked").update_all("status = 'new', attempt = attempt + 1")
  end

  # Credits the order of a verified event, once for each payment.
  def self.credit(event)
    transaction do
      # Claimed only where it is handled: a payment can arrive as two events, and one of them has no metadata.
      next unless event.payload.is_a?(KopoKopo::EventPayload::IncomingPayment)
      next unless KopoKopo.once(event, connection)

      payment = event.payload.incoming_payment
      order = lock.find_by(id: payment.metadata["order_id"])
      # `paid_at_least?` compares the amount, the currency and the till.
      if order && event.paid_at_least?(order.total, till_number: TILL)
        order.update!(status: "paid", payments: order.payments + 1)
      elsif order && payment.status.failed?
        # Cancelled, for example.
        allow_another_attempt(order.id, payment.metadata["attempt"])
      end
    end
  end
end

# The pages of the shop.
class OrdersController < ActionController::API
  def create
    order = Order.new(total: params.require(:total))
    return render json: order.errors, status: :unprocessable_entity unless order.save

    render json: { id: order.id }, status: :created
  end

  def show
    render json: Order.find(params[:id]).slice(:id, :status, :payments)
  end

  def pay
    order = Order.find(params[:id])
    return render json: { detail: "it is paid" }, status: :conflict if order.status == "paid"

    order.ask(params.require(:phone_number))
    head :accepted
  rescue KopoKopo::OutcomeUnknownError, KopoKopo::InProgressError
    # The customer may see the prompt. The order stays asked until the result arrives.
    head :accepted
  rescue KopoKopo::InvalidRequestError => error
    status = error.field == "idempotency_key" ? :conflict : :unprocessable_entity
    render json: { field: error.field, detail: error.detail }, status: status
  end
end

Shop.initialize!

ActiveRecord::Schema.verbose = false
ActiveRecord::Schema.define do
  create_table(:orders, if_not_exists: true) do |table|
    table.decimal :total, precision: 12, scale: 2, null: false
    table.string :status, null: false, default: "new"
    table.integer :attempt, null: false, default: 1
    table.string :push_id
    table.integer :payments, null: false, default: 0
  end
  KopoKopo.journal_schema("sqlite").each { |statement| execute statement }
end
# Forked workers open their own connections.
ActiveRecord::Base.connection_pool.disconnect!

Rails.application.routes.draw do
  resources(:orders, only: %i[create show]) { post :pay, on: :member }
  post "/k2/results", to: KopoKopo::Rails.endpoint(journal: true) { |event| Order.credit(event) }
end

run Rails.application
