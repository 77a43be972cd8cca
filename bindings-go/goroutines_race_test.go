//go:build race

package kopokopo_test

// The race detector allows 8128.
const manyGoroutines = 1_000
