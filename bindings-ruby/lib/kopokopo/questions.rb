# frozen_string_literal: true

module KopoKopo
  # Asks the program for what the core needs, a token or a statement of a journal, and tells it what no error says. One thread
  # per process waits for questions; each gets its reply from a thread of its own, because a database takes its time.
  module Questions # :nodoc:
    @sources = {}
    @count = 0
    @lock = Mutex.new

    class << self
      # Remembers a token source or a store, and returns its number. The native library says when it is not needed any
      # more.
      def register(source)
        @lock.synchronize do
          @count += 1
          @sources[@count] = source
          @count
        end
      end

      def used?
        !@sources.empty?
      end

      # Starts the thread that waits. A fork copies no threads, so each process starts its own.
      def listen
        return if @thread&.alive?

        @lock.synchronize do
          next if @thread&.alive?

          @thread = Thread.new { loop { take(*Native.next_question) } }
          @thread.name = "kopokopo"
          @thread.report_on_exception = false
        end
      end

      def check_source(source)
        return if source.respond_to?(:call)

        raise ConfigurationError.new(
          "token_source: must be a block or an object with the method call, that returns an AccessToken or a String",
          field: "token_source",
        )
      end

      def check_store(store)
        return if store.respond_to?(:call)

        raise ConfigurationError.new(
          "journal: must be a store with the method call, such as KopoKopo::ActiveRecordJournal", field: "journal",
        )
      end

      private

      def take(number, request, reply)
        if reply.nil?
          @lock.synchronize { @sources.delete(number) }
          return
        end
        source = @sources[number]
        thread = Thread.new { answer(source, request, reply) }
        thread.name = "kopokopo question"
        thread.report_on_exception = false
      end

      def answer(source, request, reply)
        return Log.warning("kopokopo: #{request}") if reply.warning?

        request ? store(source, request, reply) : token(source, reply)
      rescue Exception => error # rubocop:disable Lint/RescueException
        reply.fail(describe(error, request))
      ensure
        # If the thread was killed. A reply has no effect after the first.
        reply.fail("its thread was ended")
      end

      def token(source, reply)
        case (result = source.call)
        when AccessToken then reply.token(result.token, result.expires_in)
        when String then reply.token(result, nil)
        else reply.fail("it returned #{result.class}; expected an AccessToken or a String")
        end
      end

      def store(store, request, reply)
        result = store.call(request)
        return reply.result(result) if result.is_a?(String)

        reply.fail("its store returned #{result.class}; expected text")
      end

      # Without the text of foreign errors of a token source, which may contain the token. Databases say what is wrong in
      # the text, and the core removes secrets that it knows.
      def describe(error, request)
        return error.detail if error.is_a?(Error)

        request ? "#{error.class}: #{error.message}" : "it raised #{error.class}"
      end
    end
  end
  private_constant :Questions
end
