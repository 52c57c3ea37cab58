// Package api holds the contract: openapi.yaml, the only hand-written
// description of the HTTP interface. Everything that speaks HTTP is generated
// from it or checked against it.
package api

import _ "embed"

//go:generate go -C .. tool oapi-codegen -config oapi-codegen.yaml api/openapi.yaml

// YAML is the contract as it was written.
//
//go:embed openapi.yaml
var YAML []byte
