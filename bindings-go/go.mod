module github.com/kopokopo-sdk/kopokopo/bindings-go

go 1.24
