package api

import (
	"fmt"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
)

// access is who may call an operation.
type access int

const (
	protected access = iota // whoever is signed in; what an operation that says nothing is
	optional                // anybody, and the user if there is one
	public                  // anybody
)

// bearerScheme is the contract's only security scheme.
const bearerScheme = "bearerAuth"

// operation is what the guard needs to know of one.
type operation struct {
	route      *routers.Route
	access     access
	body       *openapi3.RequestBody // nil: none is read
	parameters bool
}

// operationKey finds an operation by what gin knows of a request.
type operationKey struct {
	method   string
	fullPath string // gin's pattern, without a slash at its end
}

// operations reads the contract. It fails on what the guard would not enforce.
func operations(contract *openapi3.T) (map[operationKey]*operation, error) {
	found := map[operationKey]*operation{}
	for path, item := range contract.Paths.Map() {
		for method, op := range item.Operations() {
			access, err := accessOf(op.Security)
			if err != nil {
				return nil, fmt.Errorf("%s %s: %w", method, path, err)
			}
			o := &operation{
				route:      &routers.Route{Spec: contract, Path: path, PathItem: item, Method: method, Operation: op},
				access:     access,
				parameters: len(op.Parameters) > 0 || len(item.Parameters) > 0,
			}
			if op.RequestBody != nil {
				o.body = op.RequestBody.Value
			}
			found[keyOf(method, ginPattern(path))] = o
		}
	}
	return found, nil
}

func accessOf(security *openapi3.SecurityRequirements) (access, error) {
	if security == nil {
		return protected, nil
	}
	bearer, nothing := false, len(*security) == 0
	for _, requirement := range *security {
		switch scopes, named := requirement[bearerScheme]; {
		case len(requirement) == 0:
			nothing = true
		case len(requirement) == 1 && named && len(scopes) == 0:
			bearer = true
		default:
			return protected, fmt.Errorf("the only security requirement is %s, without scopes", bearerScheme)
		}
	}
	switch {
	case bearer && nothing:
		return optional, nil
	case nothing:
		return public, nil
	}
	return protected, nil
}

func keyOf(method, fullPath string) operationKey {
	return operationKey{method: method, fullPath: strings.TrimSuffix(fullPath, "/")}
}

// ginPattern writes /notes/{id} as /notes/:id.
func ginPattern(path string) string {
	return strings.NewReplacer("{", ":", "}", "").Replace(path)
}

// withOtherSlash returns a path's other spelling.
func withOtherSlash(path string) string {
	if without, had := strings.CutSuffix(path, "/"); had {
		return without
	}
	return path + "/"
}
