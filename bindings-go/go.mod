module github.com/kopokopo-sdk/kopokopo-go

go 1.24
