package api

import (
	"fmt"
	"maps"
	"slices"
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

// operation is what the guard needs to know of one.
type operation struct {
	route      *routers.Route
	access     access
	scheme     scheme                // by which to tell who calls, unless anybody may
	body       *openapi3.RequestBody // nil: none is read
	parameters bool
}

// operationKey finds an operation by what gin knows of a request.
type operationKey struct {
	method   string
	fullPath string // gin's pattern, without a slash at its end
}

// operations reads the contract. It fails on what the guard would not enforce.
func operations(contract *openapi3.T, schemes map[string]scheme) (map[operationKey]*operation, error) {
	found := map[operationKey]*operation{}
	for path, item := range contract.Paths.Map() {
		for method, op := range item.Operations() {
			access, scheme, err := accessOf(op.Security, schemes)
			if err != nil {
				return nil, fmt.Errorf("%s %s: %w", method, path, err)
			}
			o := &operation{
				route:      &routers.Route{Spec: contract, Path: path, PathItem: item, Method: method, Operation: op},
				access:     access,
				scheme:     scheme,
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

// accessOf reads who may call an operation: by one security scheme, which must be one
// that is enforced here, and perhaps without any.
func accessOf(security *openapi3.SecurityRequirements, schemes map[string]scheme) (access, scheme, error) {
	if security == nil {
		return protected, schemes[bearerScheme], nil
	}
	name, nothing := "", len(*security) == 0
	for _, requirement := range *security {
		if len(requirement) == 0 {
			nothing = true
		}
		for each, scopes := range requirement {
			if _, known := schemes[each]; !known || len(scopes) > 0 || len(requirement) > 1 || name != "" && name != each {
				return protected, scheme{}, fmt.Errorf("a security requirement is one of %v, without scopes, and not two of them", slices.Sorted(maps.Keys(schemes)))
			}
			name = each
		}
	}
	switch {
	case name != "" && nothing:
		return optional, schemes[name], nil
	case nothing:
		return public, scheme{}, nil
	}
	return protected, schemes[name], nil
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
