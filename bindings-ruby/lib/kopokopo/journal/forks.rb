# frozen_string_literal: true

module KopoKopo
  # Forks of a process that has a journal in a file of SQLite.
  #
  # SQLite keeps the locks of a file in the memory of the process. A connection that a fork inherits makes the new connections
  # of the child believe that they have its locks. They write without one, and the end of the parent can remove what they
  # wrote. ActiveRecord forgets inherited connections without closing them. The driver does it from its version 2.1 on.
  module Forks # :nodoc:
    # A frame of a thread that is inside of SQLite, and waits for its lock. Only then others run.
    INSIDE = %r{/sqlite3/\w+\.rb:\d+:in [`'](?:SQLite3::\w+#)?(?:step|initialize|execute_batch2|exec_batch|close)'}

    @bases = []
    @broken = false
    @longest = 5.0

    class << self
      # How many seconds a fork waits for the statements of other threads.
      attr_accessor :longest

      # Remembers a class of ActiveRecord whose database has a journal.
      def watch(base)
        return if @bases.include?(base)

        @bases += [base]
        Process.singleton_class.prepend(Hook) unless Process.singleton_class.include?(Hook)
      end

      # Refuses to write in a process whose locks do not work.
      def check
        return unless @broken

        raise ConfigurationError.new(
          "connection: this process was forked during a statement of SQLite, so its locks do not work: fork it earlier", field: "connection",
        )
      end

      # Whether the inherited connections can be closed in a child: one whose thread is inside of SQLite stays locked for
      # ever.
      def ready?
        deadline = Process.clock_gettime(Process::CLOCK_MONOTONIC) + longest
        while inside?
          return false if Process.clock_gettime(Process::CLOCK_MONOTONIC) > deadline

          sleep 0.005
        end
        true
      end

      def needed?
        defined?(::SQLite3::Database) && !defined?(::SQLite3::ForkSafety)
      end

      # Closes the connections of a process that ends, for which its child opens others.
      def disconnect
        @broken ||= !ready?
        @bases.each { |base| disconnect_pool(base) } unless @broken
      end

      # Closes what a child has inherited.
      def begin_child(is_ready)
        open = ObjectSpace.each_object(::SQLite3::Database).select { |database| !database.closed? && ours?(database) }
        return if open.empty?

        @broken ||= !is_ready
        # Otherwise the garbage collector would close them.
        return @kept = open unless is_ready

        ObjectSpace.each_object(::SQLite3::Statement) { |statement| close(statement) if open.include?(owner(statement)) }
        open.each { |database| close(database) }
      end

      private

      def disconnect_pool(base)
        base.connection_pool.disconnect!
      rescue ActiveRecord::ConnectionNotEstablished
        # The program has removed it.
      end

      def inside?
        others = Thread.list - [Thread.current]
        others.any? { |thread| thread.backtrace&.any? { |frame| INSIDE.match?(frame) } }
      end

      def owner(statement)
        statement.instance_variable_get(:@connection)
      end

      def close(found)
        found.close unless found.closed?
      rescue ::SQLite3::Exception
        @broken = true
      end

      def ours?(database)
        name = database.filename.to_s
        !name.empty? && files.any? { |file| File.identical?(file, name) }
      end

      # The files as ActiveRecord finds them.
      def files
        folders = [Dir.pwd, *(::Rails.root.to_s if defined?(::Rails.root) && ::Rails.root)]
        @bases.flat_map do |base|
          name = base.connection_db_config.database.to_s.delete_prefix("file:").sub(/\?.*/m, "")
          folders.map { |folder| File.expand_path(name, folder) }
        end
      rescue ActiveRecord::ActiveRecordError
        []
      end
    end

    # Runs in every fork of Ruby.
    module Hook
      def _fork
        return super unless Forks.needed?

        is_ready = Forks.ready?
        pid = super
        Forks.begin_child(is_ready) if pid.zero?
        pid
      end

      # It does not call `_fork`, on which newer drivers rely too, and the process ends that has opened the connections.
      def daemon(...)
        Forks.disconnect if defined?(::SQLite3::Database)
        super
      end
    end
  end
  private_constant :Forks
end
