# frozen_string_literal: true

require_relative "../kopokopo" unless defined?(KopoKopo::NativeObject)

module KopoKopo
  # Webhooks and result callbacks in Rack. They are verified over the raw body. Nothing else reaches the program.
  #
  # The response is 401 for an invalid signature, 400 for an authentic body that cannot be read, and 413 for a body larger
  # than the verifier's `max_body`. The reason is only in the log, because the sender may be an attacker.
  module Rack
    # The name of the header in the environment.
    HEADER = "HTTP_X_KOPOKOPO_SIGNATURE"

    # A response to a request that must not reach the program.
    class Refusal < StandardError
      # @return [Integer]
      attr_reader :status

      # @private
      def initialize(status, text)
        @status = status
        super(text)
      end

      # @return [Array] the response in Rack's form
      def to_response
        [status, { "content-type" => "text/plain" }, [message]]
      end
    end

    # Verifies requests.
    class Receiver
      # @param verifier [WebhookVerifier] Verifies the requests: `client.webhooks`.
      # @param journal [Journal, nil] `client.journal`. It observes each event before the program gets it, so that unknown
      #   requests become accepted. If its store fails, the response is 500, and the webhook is delivered again.
      # @param on_unreadable [#call, nil] Is called with the raw body of an authentic webhook that cannot be read, and the
      #   {DecodeError}. If it returns, the response is 200 and the webhook is not delivered again.
      def initialize(verifier, journal: nil, on_unreadable: nil)
        unless verifier.is_a?(WebhookVerifier)
          raise ConfigurationError.new("verifier: must be a WebhookVerifier: client.webhooks", field: "verifier")
        end

        Receiver.check(journal, on_unreadable)
        @verifier = verifier
        @journal = journal
        @on_unreadable = on_unreadable
      end

      # Refuses options that would fail at the first webhook.
      #
      # @private
      def self.check(journal, on_unreadable)
        unless journal.nil? || journal.respond_to?(:observe)
          raise ConfigurationError.new("journal: must be the journal of a client: client.journal", field: "journal")
        end
        return if on_unreadable.nil? || on_unreadable.respond_to?(:call)

        raise ConfigurationError.new(
          "on_unreadable: must have the method call, which takes the body and the error", field: "on_unreadable",
        )
      end

      # The event of a request.
      #
      # @param env [Hash] Rack's environment.
      # @return [Event]
      # @raise [Refusal] if the program must not get it
      # @raise [InvalidRequestError] if something has read the body before, and it cannot be read again
      def receive(env)
        check_length(env)
        receive_body(read(env), env[HEADER])
      end

      # The event of a raw body that a framework has read.
      #
      # @private
      def receive_body(body, signature)
        refuse_large if body.bytesize > @verifier.max_body
        event = @verifier.verify(body, signature)
        @journal&.observe(event)
        event
      rescue SignatureError => error
        refuse(error, 401, "invalid signature")
      rescue DecodeError => error
        refuse(error, 400, "unreadable body") if @on_unreadable.nil?
        @on_unreadable.call(body, error)
        raise Refusal.new(200, "")
      rescue JournalError => error
        refuse(error, 500, "journal failed")
      end

      # @private
      def check_length(env)
        refuse_large if length(env).to_i > @verifier.max_body
      end

      private

      def length(env)
        text = env["CONTENT_LENGTH"].to_s
        text.match?(/\A\d+\z/) ? text.to_i : nil
      end

      def read(env)
        input = env["rack.input"]
        input.rewind if input.respond_to?(:rewind)
        # One byte more shows that a body without a length is too large.
        body = input&.read(@verifier.max_body + 1) || "".b
        expected = length(env).to_i
        return body if body.bytesize >= expected

        raise Refusal.new(400, "incomplete body") unless body.empty?

        raise InvalidRequestError.new(
          "body: it was read before. The signature covers the raw body: put the middleware before what reads it, or " \
          "rewind env[\"rack.input\"]", field: "body",
        )
      end

      def refuse_large
        refuse("the body is larger than max_body=#{@verifier.max_body}", 413, "body too large")
      end

      def refuse(reason, status, text)
        Log.write(:warn) { "kopokopo: webhook refused with #{status}: #{reason}" }
        raise Refusal.new(status, text)
      end
    end

    # An endpoint that calls a block with each event. If the block raises, the server responds with 500, and the webhook is
    # delivered again.
    #
    #     map("/k2/results") { run KopoKopo::Rack::Endpoint.new(k2.webhooks) { |event| credit(event) } }
    class Endpoint
      # @param (see Receiver#initialize)
      # @yieldparam event [Event]
      def initialize(verifier, journal: nil, on_unreadable: nil, &handler)
        raise ConfigurationError.new("handler: must be a block that takes the event", field: "handler") if handler.nil?

        @receiver = Receiver.new(verifier, journal: journal, on_unreadable: on_unreadable)
        @handler = handler
      end

      # @private
      def call(env)
        return Refusal.new(405, "use POST").to_response unless env["REQUEST_METHOD"] == "POST"

        @handler.call(@receiver.receive(env))
        [200, {}, []]
      rescue Refusal => refusal
        refusal.to_response
      end
    end

    # A middleware that verifies the POST requests of some paths, and puts the event into `env["kopokopo.event"]`. Without an
    # event there a request was not verified: refuse it.
    #
    #     use KopoKopo::Rack::Middleware, verifier: k2.webhooks, paths: ["/k2/results"]
    #
    # A path is compared as routers do it: decoded, without repeated slashes, a slash at the end, and a format such as
    # `.json`.
    class Middleware
      # The name of the event in the environment.
      EVENT = "kopokopo.event"

      # @param app [#call] The application.
      # @param verifier [WebhookVerifier] Verifies the requests: `client.webhooks`.
      # @param paths [Array<String>] The paths of webhooks. Each begins with a slash.
      # @param journal (see Receiver#initialize)
      # @param on_unreadable (see Receiver#initialize)
      def initialize(app, verifier:, paths:, journal: nil, on_unreadable: nil)
        unless paths.is_a?(Array) && paths.any? && paths.all? { |path| path.is_a?(String) && path.start_with?("/") }
          raise ConfigurationError.new(
            "paths: must be an array of strings that begin with a slash, such as [\"/k2/results\"]", field: "paths",
          )
        end

        @app = app
        @paths = paths.map { |path| normalise(path) }
        @receiver = Receiver.new(verifier, journal: journal, on_unreadable: on_unreadable)
      end

      # @private
      def call(env)
        if env["REQUEST_METHOD"] == "POST" && ours?(env["PATH_INFO"])
          env[EVENT] = @receiver.receive(env)
          env["rack.input"].rewind if env["rack.input"].respond_to?(:rewind)
        end
        @app.call(env)
      rescue Refusal => refusal
        refusal.to_response
      end

      private

      def ours?(path)
        path = normalise(path.to_s)
        @paths.include?(path) || @paths.include?(normalise(path.sub(%r{\.[^/.]+\z}n, "")))
      end

      def normalise(path)
        decoded = path.b.gsub(/%(\h\h)/n) { Regexp.last_match(1).hex.chr }
        "/#{decoded}".squeeze("/").delete_suffix("/")
      end
    end
  end
end
