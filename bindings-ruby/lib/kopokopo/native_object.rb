# frozen_string_literal: true

module KopoKopo
  # The base class of all objects with methods. They are frozen, and threads can share them.
  class NativeObject
    # The name of the section in the client: an operation is `SECTION.method`.
    SECTION = nil

    class << self
      # @private
      def of(native)
        object = allocate
        object.send(:attach, native)
        object
      end
    end
    private_class_method :new

    # @return [String] the class, without credentials
    def inspect
      "#<#{self.class}>"
    end
    alias to_s inspect

    # @private
    def marshal_dump
      raise TypeError, "#{self.class} cannot be dumped: make a client in each process, and pass ids"
    end

    # @private
    def encode_with(_coder)
      marshal_dump
    end

    # @private
    def as_json(*)
      inspect
    end

    # @private
    def to_json(*arguments)
      require "json"
      inspect.to_json(*arguments)
    end

    private

    def attach(native)
      @native = native
      freeze
    end

    # Calls a method that sends requests, and blocks until it returns. Other threads run meanwhile.
    def call(method, arguments)
      Questions.listen if Questions.used?
      # All methods that make something take a key.
      sends = arguments.key?(:idempotency_key) || method == "post"
      Log.measure(operation(method), sends: sends, key: arguments[:idempotency_key]) { @native.call(method, arguments) }
    end

    # Calls a method that sends nothing.
    def ask(method, arguments = {})
      @native.ask(method, arguments)
    end

    def operation(method)
      "#{self.class::SECTION}.#{method}"
    end

    def watch_of(arguments)
      Watch.for_operation(operation("get"), ask("watch", arguments))
    end

    # A client with this journal. A store's own methods are the defaults of its options.
    def journal_of(native, store, options)
      Questions.check_store(store)
      given = %i[dialect placeholder create_tables].to_h do |name|
        [name, options[name].nil? && store.respond_to?(name) ? store.public_send(name) : options[name]]
      end
      native.with_journal(Questions.register(store), options.merge(given).compact)
    end

    # The raw text of an event.
    def raw_text(event)
      event.respond_to?(:raw) ? event.raw : event
    end
  end
end
