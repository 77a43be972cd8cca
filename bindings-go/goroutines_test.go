//go:build !race

package kopokopo_test

const manyGoroutines = 10_000
