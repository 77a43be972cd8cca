# frozen_string_literal: true

module KopoKopo
  module Testing
    # The sandboxes of this process: one, or one for each test that runs at the same time on another thread. A process that is
    # forked starts its own.
    #
    # @private
    module Pool
      Entry = Struct.new(:sandbox, :settings)

      @lock = Mutex.new
      @idle = []
      @process = Process.pid
      @is_started = false

      class << self
        # Whether this process has started a sandbox.
        def started?
          @is_started && @process == Process.pid
        end

        # An empty sandbox, as it was when it started. {give_back} takes it back.
        def take
          entry = @lock.synchronize { idle.pop }
          entry = nil if entry&.sandbox&.closed?
          return start if entry.nil?

          # A client that outlives a test keeps its token. Without it, its first call gets a 401, which would use up a fault.
          entry.sandbox.reset(keep_tokens: true)
          entry.sandbox.change_settings(**entry.settings) if entry.sandbox.settings.to_h != entry.settings
          entry
        end

        def give_back(entry)
          @lock.synchronize { idle.push(entry) }
        end

        private

        def start
          sandbox = Sandbox.new(**Testing.options)
          @is_started = true
          Entry.new(sandbox, sandbox.settings.to_h)
        end

        def idle
          if @process != Process.pid
            # The child closed the pipes of its parent's sandboxes when it was forked.
            @idle = []
            @is_started = false
            @process = Process.pid
          end
          @idle
        end
      end
    end

    # What tests have: a sandbox that is empty when the test begins, and a client of it.
    module Helpers
      # The sandbox. It starts when a test first needs it, and is empty when a test begins.
      #
      # @return [Sandbox]
      def k2_sandbox
        (@k2_sandbox_entry ||= Pool.take).sandbox
      end

      # A client of the sandbox, a new one for each test.
      #
      # @return [Client]
      def k2
        @k2_client ||= k2_sandbox.client
      end

      private

      # Code that is tested can have a client from an earlier test, so a test begins anew although it does not name the sandbox.
      def begin_k2_test
        k2_sandbox if Pool.started?
      end

      def end_k2_test
        Pool.give_back(@k2_sandbox_entry) if @k2_sandbox_entry
        @k2_sandbox_entry = @k2_client = nil
      end
    end
    private_constant :Pool
  end
end
