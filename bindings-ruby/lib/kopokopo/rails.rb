# frozen_string_literal: true

require "monitor"
require "rails/engine"
require_relative "rack"

module KopoKopo
  # Rails: a client from the credentials, webhooks, and notifications of calls. It is loaded with Rails.
  module Rails
    @lock = Monitor.new

    class << self
      # Replaces the client, for tests.
      attr_writer :client

      # The client of the application, made on first use: from `credentials.kopokopo` (`client_id`, `client_secret`,
      # `api_key`, `environment` and any other option), or without those from the environment variables of
      # {Client.from_env}.
      #
      # @return [Client]
      # @raise [ConfigurationError] naming what is missing
      def client
        @client || @lock.synchronize { @client ||= make_client }
      end

      # An endpoint for routes. The parameters of a request are not parsed, so they are not in the log.
      #
      #     post "/k2/results", to: KopoKopo::Rails.endpoint { |event| Order.credit(event) }
      #
      # @param journal [Boolean, nil] Whether the journal observes each event first. Default: `config.kopokopo.journal`.
      # @param on_unreadable (see Rack::Receiver#initialize)
      # @yieldparam event [Event]
      # @return [#call]
      def endpoint(on_unreadable: nil, journal: nil, &handler)
        unless [true, false, nil].include?(journal)
          raise ConfigurationError.new("journal: must be true, false or nil", field: "journal")
        end
        raise ConfigurationError.new("handler: must be a block that takes the event", field: "handler") if handler.nil?

        Rack::Receiver.check(nil, on_unreadable)
        # Routes are loaded before the credentials may be complete.
        lambda do |env|
          observer = journal_to_observe(journal)
          Rack::Endpoint.new(client.webhooks, journal: observer, on_unreadable: on_unreadable, &handler).call(env)
        end
      end

      # The journal that observes events.
      #
      # @private
      def journal_to_observe(wanted = nil)
        wanted = ::Rails.application.config.kopokopo.journal if wanted.nil?
        wanted ? client.journal : nil
      end

      private

      def make_client
        options = ::Rails.application.credentials.kopokopo
        journal = ::Rails.application.config.kopokopo.journal ? ActiveRecordJournal.new(create_tables: false) : nil
        options.nil? ? Client.from_env(journal: journal) : Client.new(**options.to_h.symbolize_keys, journal: journal)
      end
    end

    # Webhooks in a controller:
    #
    #     class ResultsController < ActionController::API
    #       include KopoKopo::Rails::Webhook
    #
    #       def create
    #         Order.credit(kopokopo_event)
    #         head :ok
    #       end
    #     end
    #
    # Only verified events reach an action. Other requests get 401, 400 or 413.
    #
    # Prefer the {Engine} or {Rails.endpoint}: Rails parses the body of a request to a controller and writes its parameters into
    # the log before the signature is verified. The parameters with personal data are in `filter_parameters`, but a sender without the key
    # can send others, and large ones.
    module Webhook
      # @private
      def self.included(controller)
        controller.before_action :verify_kopokopo_webhook
        # The signature takes its place.
        controller.skip_forgery_protection(raise: false) if controller.respond_to?(:skip_forgery_protection)
      end

      # @return [Event] the verified event of this request
      attr_reader :kopokopo_event

      private

      # Overwrite it to verify with other keys.
      def kopokopo_verifier
        Rails.client.webhooks
      end

      # Overwrite it to let another journal observe the events first, or none. Default: the client's, with
      # `config.kopokopo.journal`.
      def kopokopo_journal
        Rails.journal_to_observe
      end

      def verify_kopokopo_webhook
        receiver = Rack::Receiver.new(kopokopo_verifier, journal: kopokopo_journal)
        receiver.check_length(request.env)
        @kopokopo_event = receiver.receive_body(request.raw_post, request.env[Rack::HEADER])
      rescue Rack::Refusal => refusal
        render plain: refusal.message, status: refusal.status
      end
    end

    # Connects the package with Rails. Its route receives webhooks and results, if it is mounted:
    #
    #     mount KopoKopo::Rails::Engine => "/k2" # POST /k2/results
    #
    # It calls the handler that `config.kopokopo.handler` names with each verified event. With `config.kopokopo.journal` the
    # journal observes the event first. If the handler raises, the event is delivered again.
    class Engine < ::Rails::Engine
      # What of a webhook must not be in the log. `event` has the whole content of a webhook.
      PRIVATE = %i[
        phone_number hashed_sender_phone msisdn first_name middle_name last_name FirstName MiddleName LastName email
        account_name account_number metadata event
      ].freeze

      engine_name "kopokopo"

      config.kopokopo = ActiveSupport::OrderedOptions.new
      # Whether creates with an idempotency key use the application's database. Run `rails generate kopokopo:install`.
      config.kopokopo.journal = false
      # The name of the class whose instances have the method `call(event)`. It is a name, because Rails loads classes again.
      config.kopokopo.handler = nil
      config.eager_load_namespaces << KopoKopo

      initializer "kopokopo.filter_parameters", before: :load_config_initializers do |app|
        app.config.filter_parameters += PRIVATE
      end

      initializer "kopokopo.calls" do
        KopoKopo.logger ||= ::Rails.logger
        KopoKopo.subscribe do |call|
          # The call has ended: its duration is `payload[:seconds]`.
          ActiveSupport::Notifications.instrument("call.kopokopo", call.to_h)
        end
      end

      # What the route calls.
      #
      # @private
      RESULTS = lambda do |env|
        options = ::Rails.application.config.kopokopo
        Rails.endpoint { |event| Engine.handler(options).call(event) }.call(env)
      end

      class << self
        # @private
        def handler(options)
          return options.handler.to_s.constantize.new unless options.handler.nil?

          raise ConfigurationError.new(
            "handler: config.kopokopo.handler must be the name of a class with the method call(event)", field: "handler",
          )
        end
      end
    end
  end
end
