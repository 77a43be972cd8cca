# frozen_string_literal: true

require "rails/generators"
require "rails/generators/active_record"

module Kopokopo # :nodoc:
  # `rails generate kopokopo:install`: the tables of the journal and of handled events, and a route for results.
  class InstallGenerator < ::Rails::Generators::Base
    include ActiveRecord::Generators::Migration

    source_root File.expand_path("templates", __dir__)

    def create_migration_file
      migration_template "migration.rb.tt", "db/migrate/create_kopokopo_tables.rb"
    end

    def create_initializer
      template "initializer.rb.tt", "config/initializers/kopokopo.rb"
    end

    def add_route
      route 'post "/k2/results", to: KopoKopo::Rails.endpoint { |event| Rails.logger.info("received #{event.topic}") }'
    end
  end
end
