# frozen_string_literal: true

KopoKopo::Rails::Engine.routes.draw do
  post "/results", to: KopoKopo::Rails::Engine::RESULTS
end
