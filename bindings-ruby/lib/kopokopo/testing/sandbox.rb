# frozen_string_literal: true

module KopoKopo
  module Testing
    # The Kopo Kopo API on this machine, for tests. It listens on a free port of 127.0.0.1, and has new credentials.
    #
    # It starts with {.start} or {.new}. It stops with {#close}, and if this process ends or is killed. A process that is
    # forked can use the sandbox of its parent, and does not stop it.
    class Sandbox
      include Controls

      # It starts within milliseconds, but a machine can be loaded.
      START_TIMEOUT = 60.0
      # A fault can close the port for a while.
      REFUSED_TIMEOUT = 10.0
      POLL_INTERVAL = 0.02
      NAMES = %w[base_url client_id client_secret api_key].freeze
      private_constant :START_TIMEOUT, :REFUSED_TIMEOUT, :POLL_INTERVAL, :NAMES

      # Starts a sandbox. With a block it is closed at the end of the block, whose result is returned.
      #
      # @param options (see #initialize)
      # @yieldparam sandbox [Sandbox]
      # @return [Sandbox, Object]
      # @raise (see #initialize)
      def self.start(**options)
        sandbox = new(**options)
        return sandbox unless block_given?

        begin
          yield sandbox
        ensure
          sandbox.close
        end
      end

      # @param binary [String, Pathname, nil] The path of `k2`. Default: the environment variable `K2_SANDBOX_BIN`, or `k2` of
      #   the PATH.
      # @param pace [Pace, String, Symbol] How fast the simulation runs without control calls.
      # @param port [Integer] The port. 0 is any free port.
      # @param tills [Hash{String => BigDecimal, Integer, String}] Tills in addition to the documented ones, and their
      #   balances.
      # @param seed [Integer, nil] Makes ids and references repeatable.
      # @param allow_remote_callbacks [Boolean] Whether callbacks go to other machines too.
      # @raise [SandboxError] if the program is not installed, or did not start
      # @raise [ArgumentError, TypeError] naming an option that is wrong
      def initialize(binary: nil, pace: "instant", port: 0, tills: {}, seed: nil, allow_remote_callbacks: false)
        arguments = ["--pace=#{Values.word(pace, Pace, "pace")}", "--port=#{Values.integer(port, "port")}"]
        arguments += tills_of(tills)
        arguments << "--seed=#{Values.integer(seed, "seed")}" unless seed.nil?
        arguments << "--allow-remote-callbacks" if Values.boolean(allow_remote_callbacks, "allow_remote_callbacks")
        launch(Binary.find(binary), arguments)
      end

      # @return [String] the address, such as `http://127.0.0.1:41234`
      def base_url
        @startup.fetch(:base_url)
      end

      # @return [String] the client id that it accepts
      def client_id
        @startup.fetch(:client_id)
      end

      # @return [String] the client secret that it accepts
      def client_secret
        @startup.fetch(:client_secret)
      end

      # @return [String] the key that it signs webhooks with
      def api_key
        @startup.fetch(:api_key)
      end

      # The options of a client: `KopoKopo::Client.new(**sandbox.credentials)`.
      #
      # @return [Hash{Symbol => String}]
      def credentials
        @startup.dup
      end

      # The environment variables that {Client.from_env} reads.
      #
      # @return [Hash{String => String}]
      def env
        @startup.to_h { |name, value| ["K2_#{name.to_s.upcase}", value] }
      end

      # A new client of the sandbox. The options are those of {Client#initialize}.
      #
      # @return [Client]
      def client(**options)
        Client.new(**@startup, private_token: true, **options)
      end

      # Waits until a request of an operation has arrived.
      #
      # @param operation [String] The name, such as `incoming_payments.create`.
      # @param timeout [Numeric] Seconds.
      # @return [RecordedRequest] the first one
      # @raise [SandboxError] if none has arrived after `timeout` seconds
      # @raise [ArgumentError] if no operation has this name
      def wait_for_request(operation, timeout: 20)
        Values.known(operation, names.operations, "operation", "operation")
        wait("no request of #{operation} arrived", timeout) { requests.find { |request| request.operation == operation } }
      end

      # Waits until a callback or webhook of a topic was received with 2xx, or is withheld.
      #
      # @param topic [String] The topic of a webhook, or the type of a result.
      # @param timeout [Numeric] Seconds.
      # @return [Delivery] the first one
      # @raise [SandboxError] if none was received after `timeout` seconds
      # @raise [ArgumentError] if no webhook or result has this topic
      def wait_for_delivery(topic, timeout: 20)
        Values.known(topic, names.callbacks, "topic", "topic")
        wait("no delivery of #{topic} was received with 2xx", timeout) do
          deliveries.find { |delivery| delivery.topic == topic && (delivery.delivered? || delivery.withheld?) }
        end
      end

      # Sends a request without a token. It is repeated while the port is closed by a fault, up to 10 seconds.
      #
      # @param method [String, Symbol] The HTTP method.
      # @param path [String] The path, with a query if it has one.
      # @param body [Object] What is sent as JSON. Default: no body.
      # @return [Array(Integer, Object)] the status, and the JSON of the response
      # @raise [SandboxError] if there is no response
      def request(method, path, body = nil)
        verb = method.to_s.upcase
        deadline = now + REFUSED_TIMEOUT
        begin
          Http.request(base_url, verb, path, body)
        rescue Net::OpenTimeout, Net::ReadTimeout, Net::WriteTimeout
          raise SandboxError, "#{verb} #{path}: there was no response within #{Http::TIMEOUT} s", cause: nil
        rescue Errno::ECONNREFUSED, Errno::ECONNRESET, Errno::EPIPE, EOFError => error
          # A connection that is cut while the port closes may have had an effect.
          if verb == "POST" && !error.is_a?(Errno::ECONNREFUSED)
            raise SandboxError, "#{verb} #{path}: the connection ended before the response", cause: nil
          end
          raise SandboxError, "#{verb} #{path}: the sandbox does not listen any more", cause: nil if !@child.running? || now > deadline

          sleep POLL_INTERVAL
          retry
        end
      end

      # Stops it. Does nothing in a process that was forked, which shares the sandbox of its parent.
      #
      # @return [void]
      def close
        @child.close
        nil
      end

      # @return [Boolean] whether this process has stopped it
      def closed?
        @child.closed?
      end

      # @return [String] the address, without the credentials
      def inspect
        "#<#{self.class} base_url=#{base_url.inspect}>"
      end
      alias to_s inspect

      private

      def launch(program, arguments)
        @child = Child.new(program, "sandbox", "--json", "--exit-with-stdin", *arguments)
        @startup = startup_of(program)
      rescue SystemCallError => error
        raise SandboxError, "could not start #{program}: #{error.message}"
      ensure
        @child&.kill if @startup.nil?
      end

      def startup_of(program)
        line = @child.first_line(START_TIMEOUT)
        raise SandboxError, "#{program} sandbox did not start: #{@child.last_error}" if line.nil?

        startup = JSON.parse(line, freeze: true)
        values = startup.is_a?(Hash) ? startup.slice(*NAMES) : {}
        raise JSON::ParserError unless values.size == NAMES.size && values.values.all?(String)

        values.transform_keys(&:to_sym).freeze
      rescue Child::Timeout
        raise SandboxError, "#{program} sandbox did not start within #{START_TIMEOUT.round} s", cause: nil
      rescue JSON::ParserError
        # Without the line, which can have credentials.
        raise SandboxError, "#{program} sandbox did not start: its first line is not as expected, so it is another program", cause: nil
      end

      def tills_of(tills)
        raise TypeError, "tills: must be a Hash of numbers and balances, not #{tills.class}" unless tills.is_a?(Hash)

        tills.map do |number, balance|
          "--till=#{Values.string(number, "tills")}=#{Record.amount_text(Values.amount(balance, "tills.#{number}"))}"
        end
      end

      def names
        @names ||= operations
      end

      def wait(failure, timeout)
        seconds = Values.float(timeout, "timeout")
        deadline = now + seconds
        until (found = yield)
          raise SandboxError, "#{failure} within #{timeout} s" if now >= deadline

          sleep POLL_INTERVAL
        end
        found
      end

      def control(method, path, body = nil, accepts: [])
        status, content = request(method, "/_sandbox#{path}", body)
        return content if status == 200 || accepts.include?(status)

        reason = content.is_a?(Hash) ? content.fetch("error", content) : content
        raise SandboxError, "#{method} /_sandbox#{path}: #{status}: #{reason}"
      end

      def now
        Process.clock_gettime(Process::CLOCK_MONOTONIC)
      end
    end
  end
end
