# frozen_string_literal: true

module KopoKopo
  # The states of a resource as they change, up to the final one. The native library decides what to poll and how long to
  # pause.
  class Watch < NativeObject
    include Enumerable

    class << self
      # @private
      def for_operation(operation, native)
        watch = allocate
        watch.send(:attach_operation, operation, native)
        watch
      end
    end

    # Calls the block with each state. A watch can be read once.
    #
    # @yieldparam state [Record]
    # @return [Watch, Enumerator]
    # @raise [NotFinalError] if the timeout ends before the state is final
    def each
      return enum_for(:each) unless block_given?

      while (pause = ask("pause"))
        sleep(pause)
        state = call("poll", {})
        yield state if state
      end
      self
    end

    private

    def attach_operation(operation, native)
      @operation = operation
      attach(native)
    end

    def operation(_method)
      @operation
    end
  end
end
