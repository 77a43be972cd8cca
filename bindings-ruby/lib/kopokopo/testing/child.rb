# frozen_string_literal: true

require "tempfile"

module KopoKopo
  module Testing
    # A program whose standard input is a pipe from this process. The system closes it when this process ends, however it ends.
    #
    # @private
    class Child
      STOP_TIMEOUT = 10.0
      POLL_INTERVAL = 0.005
      MAX_ERROR = 10_000

      @open = {}
      @lock = Mutex.new

      class << self
        # A process that is forked has the pipes too: without this the programs outlive this process.
        def close_inherited
          @lock = Mutex.new
          @open.each_value(&:forget)
          @open = {}
        end

        def watch(child)
          Process.singleton_class.prepend(Hook) unless Process.singleton_class.include?(Hook)
          @lock.synchronize { @open[child.object_id] = child }
        end

        def unwatch(child)
          @lock.synchronize { @open.delete(child.object_id) }
        end
      end

      # Runs in every fork of Ruby.
      #
      # @private
      module Hook
        def _fork
          pid = super
          Child.close_inherited if pid.zero?
          pid
        end
      end

      # @raise [SystemCallError] if the program cannot be started
      def initialize(*command)
        @owner = Process.pid
        @is_ended = false
        @reader, output = IO.pipe
        input, @writer = IO.pipe
        # A file, because nothing reads a pipe while the program runs.
        @errors = Tempfile.create("kopokopo").tap { |file| File.unlink(file.path) }
        @pid = Process.spawn(*command, in: input, out: output, err: @errors)
        Child.watch(self)
      rescue SystemCallError
        [@reader, @writer, @errors].each { |file| file&.close }
        raise
      ensure
        [input, output].each { |file| file&.close }
      end

      def owned?
        Process.pid == @owner
      end

      def running?
        owned? ? !ended? : alive_elsewhere?
      end

      # @return [String, nil] the first line of its output, or nil if it ended before
      # @raise [Timeout] if neither happens in time
      def first_line(seconds)
        deadline = now + seconds
        text = +""
        until text.include?("\n")
          raise Timeout unless @reader.wait_readable([deadline - now, 0].max)

          part = @reader.read_nonblock(4096, exception: false)
          break if part.nil?

          text << part unless part == :wait_readable
        end
        text[/\A.*\n/]
      end

      # Why it ended, or what it wrote last.
      def last_error
        join(STOP_TIMEOUT)
        @errors.rewind
        text = String.new(@errors.read(MAX_ERROR) || "", encoding: Encoding::UTF_8).scrub.strip
        return text unless text.empty?

        "it ended with #{@status&.exitstatus ? "status #{@status.exitstatus}" : "a signal"} and no message"
      end

      def close
        return if !owned? || @writer.closed?

        Child.unwatch(self)
        forget
        # Another process can have the other end of its standard input.
        signal(:TERM)
        signal(:KILL) unless join(STOP_TIMEOUT)
        join(STOP_TIMEOUT)
      end

      def kill
        signal(:KILL)
        close
      end

      def closed?
        @writer.closed?
      end

      def forget
        [@reader, @writer, @errors].each { |file| file.close unless file.closed? }
      end

      # Neither its end nor its first line has come in time.
      #
      # @private
      class Timeout < StandardError
      end

      private

      def signal(name)
        Process.kill(name, @pid) unless ended?
      end

      # Asks the system. A thread of `Process.detach` would wait for it, and in Ruby 3.1 a `Process.wait` of the program misses its
      # own children then.
      def ended?
        return true if @is_ended

        found = Process.wait2(@pid, Process::WNOHANG)
        return false if found.nil?

        @status = found.last
        @is_ended = true
      rescue Errno::ECHILD
        # The program has waited for all of its children.
        @is_ended = true
      end

      # Whether it has ended in time.
      def join(seconds)
        deadline = now + seconds
        until ended?
          return false if now > deadline

          sleep POLL_INTERVAL
        end
        true
      end

      def alive_elsewhere?
        Process.kill(0, @pid) == 1
      rescue Errno::ESRCH
        false
      end

      def now
        Process.clock_gettime(Process::CLOCK_MONOTONIC)
      end
    end
    private_constant :Child
  end
end
