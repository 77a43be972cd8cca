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
  # Asks the customer to pay. The journal makes a second click harmless: it sends no second request.
  def ask(phone_number)
    # Committed before the request, because the result can arrive before it returns.
    update!(status: "asked") if status == "new"
    push = KopoKopo::Rails.client.incoming_payments.create(
      idempotency_key: "order-#{id}",
      till_number: TILL,
      phone_number: phone_number,
      amount: total,
      callback_url: "#{ENV.fetch("SHOP_URL")}/k2/results",
      metadata: { order_id: id.to_s },
    )
    update!(push_id: push.id)
  end

  # Credits the order of a verified event, once for each payment.
  def self.credit(event)
    transaction do
      # Claimed only where it is handled: a payment can arrive as two events, and one of them has no metadata.
      next unless event.payload.is_a?(KopoKopo::EventPayload::IncomingPayment)
      next unless KopoKopo.once(event, connection)

      order = lock.find_by(id: event.payload.incoming_payment.metadata["order_id"])
      # `paid_at_least?` compares the amount, the currency and the till.
      order.update!(status: "paid", payments: order.payments + 1) if order && event.paid_at_least?(order.total, till_number: TILL)
    end
  end
end

# The pages of the shop.
class OrdersController < ActionController::API
  def create
    render json: { id: Order.create!(total: params.require(:total)).id }, status: :created
  end

  def show
    render json: Order.find(params[:id]).slice(:id, :status, :payments)
  end

  def pay
    Order.find(params[:id]).ask(params.require(:phone_number))
    head :accepted
  rescue KopoKopo::OutcomeUnknownError, KopoKopo::InProgressError
    # The customer may see the prompt. The order stays asked until the result arrives.
    head :accepted
  rescue KopoKopo::InvalidRequestError => error
    render json: { field: error.field, detail: error.detail }, status: :unprocessable_entity
  end
end

Shop.initialize!

ActiveRecord::Schema.verbose = false
ActiveRecord::Schema.define do
  create_table(:orders) do |table|
    table.decimal :total, precision: 12, scale: 2, null: false
    table.string :status, null: false, default: "new"
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
