# frozen_string_literal: true

require "rails/generators"
require "rails/generators/active_record"

module Kopokopo # :nodoc:
  # `rails generate kopokopo:install`: the tables of the journal and of handled events, a handler of events, and their route.
  class InstallGenerator < ::Rails::Generators::Base
    include ActiveRecord::Generators::Migration

    source_root File.expand_path("templates", __dir__)

    def create_migration_file
      migration_template "migration.rb.tt", "db/migrate/create_kopokopo_tables.rb"
    end

    def create_initializer
      template "initializer.rb.tt", "config/initializers/kopokopo.rb"
    end

    def create_handler
      template "handler.rb.tt", "app/models/kopokopo_event_handler.rb"
    end

    def add_route
      route 'mount KopoKopo::Rails::Engine => "/k2" # POST /k2/results'
    end
  end
end
