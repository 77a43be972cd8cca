package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"unicode"

	kopokopo "github.com/kopokopo-sdk/kopokopo-go"
)

// source is what the generated files of the package declare, with the contract's names. Reflection finds no names of parameters.
type source struct {
	fields  map[string][]string
	outputs map[string]bool
	inputs  map[string]bool
	words   map[string][]string
	// kinds are the words of variants, and unions the names of their interfaces.
	kinds, unions map[string]string
	objects       map[string]map[string][]parameter
	functions     map[string][]parameter
}

// parameter is one of a function. It has a name in the contract, or those of the fields of its record.
type parameter struct {
	words  []string
	isFlat bool
}

func mustParse() *source {
	_, own, _, _ := runtime.Caller(0)
	names, err := filepath.Glob(filepath.Join(filepath.Dir(own), "../../*_generated.go"))
	if err != nil || len(names) == 0 {
		panic("the sources of the package are not where they were when the testee was compiled")
	}
	s := &source{
		map[string][]string{}, map[string]bool{}, map[string]bool{}, map[string][]string{},
		map[string]string{}, map[string]string{}, map[string]map[string][]parameter{}, map[string][]parameter{},
	}
	var files []*ast.File
	for _, path := range names {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			panic(err)
		}
		files = append(files, file)
		for _, declaration := range file.Decls {
			if general, is := declaration.(*ast.GenDecl); is {
				s.general(general, filepath.Base(path) == "records_generated.go")
			}
		}
	}
	// Functions need the fields of all records.
	for _, file := range files {
		for _, declaration := range file.Decls {
			if function, is := declaration.(*ast.FuncDecl); is {
				s.function(function)
			}
		}
	}
	return s
}

func (s *source) general(declaration *ast.GenDecl, areRecords bool) {
	for _, found := range declaration.Specs {
		switch spec := found.(type) {
		case *ast.TypeSpec:
			if record, is := spec.Type.(*ast.StructType); is {
				s.record(spec.Name.Name, record)
				// Others are alternatives, and the arguments of constructors.
				s.inputs[spec.Name.Name] = areRecords
			}
		case *ast.ValueSpec:
			if kind := nameOf(spec.Type); kind != "" && declaration.Tok == token.CONST {
				s.words[kind] = append(s.words[kind], literal(spec.Values[0]))
			}
		}
	}
}

func (s *source) record(name string, record *ast.StructType) {
	s.fields[name] = []string{}
	for _, field := range record.Fields.List {
		if len(field.Names) == 0 {
			// Objects embed what they have in common.
			delete(s.fields, name)
			s.objects[name] = map[string][]parameter{}
			return
		}
		if field.Tag != nil {
			word, _, _ := strings.Cut(reflect.StructTag(literal(field.Tag)).Get("k2"), ",")
			s.fields[name] = append(s.fields[name], word)
		}
	}
}

func (s *source) function(function *ast.FuncDecl) {
	name := function.Name.Name
	if function.Recv == nil {
		switch {
		case strings.HasPrefix(name, "read"):
			s.outputs[strings.TrimPrefix(name, "read")] = true
		case strings.HasPrefix(name, "New"):
			s.constructor(strings.TrimPrefix(name, "New"), s.parameters(function))
		case ast.IsExported(name):
			s.functions[snake(name)] = s.parameters(function)
		}
		return
	}
	receiver := nameOf(function.Recv.List[0].Type)
	if _, is := s.objects[receiver]; is && ast.IsExported(name) {
		s.objects[receiver][snake(name)] = s.parameters(function)
	}
	if union, is := strings.CutPrefix(name, "is"); is {
		s.unions[receiver] = union
	}
	if name == "Kind" {
		s.kinds[receiver] = literal(function.Body.List[0].(*ast.ReturnStmt).Results[0])
	}
}

func (s *source) constructor(name string, parameters []parameter) {
	for object, methods := range s.objects {
		if rest, is := strings.CutPrefix(name, object); is {
			word := "new"
			if rest != "" {
				word = snake(rest)
			}
			methods[word] = parameters
		}
	}
}

func (s *source) parameters(function *ast.FuncDecl) []parameter {
	flat := map[string]bool{}
	ast.Inspect(function.Body, func(node ast.Node) bool {
		call, is := node.(*ast.CallExpr)
		if !is {
			return true
		}
		if selected, is := call.Fun.(*ast.SelectorExpr); is && selected.Sel.Name == "flatten" {
			flat[call.Args[0].(*ast.Ident).Name] = true
		}
		return true
	})
	found := []parameter{}
	for _, field := range function.Type.Params.List {
		kind := nameOf(field.Type)
		if kind == "Context" || kind == "CallOption" {
			continue
		}
		for _, name := range field.Names {
			if flat[name.Name] {
				found = append(found, parameter{s.fields[kind], true})
			} else {
				found = append(found, parameter{[]string{snake(name.Name)}, false})
			}
		}
	}
	return found
}

// surface describes what the package exports.
func (s *source) surface() map[string]any {
	objects, functions := map[string]any{}, map[string]any{}
	for name, methods := range s.objects {
		found := map[string]any{}
		for method, parameters := range methods {
			found[method] = wordsOf(parameters)
		}
		if name == "Client" {
			name = "KopoKopo"
		}
		objects[name] = found
	}
	for name, parameters := range s.functions {
		functions[name] = wordsOf(parameters)
	}
	records, inputs, unions := map[string]any{}, map[string]any{}, map[string]map[string]any{}
	for name, fields := range s.fields {
		union, isVariant := s.unions[name]
		switch {
		case name == "Error":
		case isVariant:
			if unions[union] == nil {
				unions[union] = map[string]any{}
			}
			unions[union][s.kinds[name]] = fields
		case s.outputs[name]:
			records[name] = fields
		case s.inputs[name]:
			inputs[name] = fields
		}
	}
	enums := map[string]any{}
	for name, words := range s.words {
		if name != "Kind" {
			enums[name] = words
		}
	}
	return map[string]any{
		"objects": objects, "records": records, "inputs": inputs, "unions": unions, "enums": enums, "functions": functions,
		"errors": s.words["Kind"], "error_fields": s.fields["Error"][1:], "contract_hash": kopokopo.ContractHash(),
	}
}

func wordsOf(parameters []parameter) []string {
	found := []string{}
	for _, parameter := range parameters {
		found = append(found, parameter.words...)
	}
	return found
}

func nameOf(expression ast.Expr) string {
	switch own := expression.(type) {
	case *ast.Ident:
		return own.Name
	case *ast.StarExpr:
		return nameOf(own.X)
	case *ast.SelectorExpr:
		return own.Sel.Name
	case *ast.Ellipsis:
		return nameOf(own.Elt)
	default:
		return ""
	}
}

func literal(expression ast.Expr) string {
	text, err := strconv.Unquote(expression.(*ast.BasicLit).Value)
	if err != nil {
		panic(err)
	}
	return text
}

// snake returns the contract's name of one of Go's.
func snake(name string) string {
	if name == "OAuth" {
		return "oauth"
	}
	var out strings.Builder
	runes := []rune(name)
	for at, letter := range runes {
		isUpper := unicode.IsUpper(letter)
		startsWord := isUpper && at > 0 && (!unicode.IsUpper(runes[at-1]) || at+1 < len(runes) && unicode.IsLower(runes[at+1]))
		if startsWord {
			out.WriteByte('_')
		}
		out.WriteRune(unicode.ToLower(letter))
	}
	return out.String()
}
