# frozen_string_literal: true

module KopoKopo
  # Notices that a file of SQLite is deleted or replaced while a journal uses it. The connections that are open go on with the
  # old one, which other processes do not find: a record there protects from nothing.
  class Files # :nodoc:
    def initialize
      @lock = Mutex.new
      @known = {}
    end

    # Refuses files that were deleted or replaced. Before a connection is opened, which would make a new file and delete the log
    # of the old one.
    def check
      @lock.synchronize { @known.to_a }.each { |path, known| refuse(path) if known != at(path) }
    end

    # Runs a statement, after which the file must be the one that this journal has used first.
    def watch(path)
      result = yield
      # A new file exists from the first statement on.
      found = at(path)
      refuse(path) if found.nil? || found != @lock.synchronize { @known[path] ||= found }
      result
    end

    private

    def at(path)
      found = File.stat(path)
      [found.dev, found.ino]
    rescue Errno::ENOENT, Errno::ENOTDIR
      nil
    end

    def refuse(path)
      raise "the file #{path} was deleted or replaced while it was open. Its records are not in another file: restore it, or " \
            "find out what was sent, and start the program again"
    end
  end
  private_constant :Files
end
