package tests

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/latchkey-auth/latchkey/"

// The domain, for who may use all of it.
var domain = []string{"server/auth", "server/auth/accounts", "server/auth/audit", "server/auth/keys", "server/auth/signin"}

// mayImport is the house's plan: which package may import which other of ours.
// Everything points at auth, and auth at nothing.
var mayImport = map[string][]string{
	"api":                  {},
	"api/accesstoken":      {}, // what other services import
	"gen":                  {},
	"server":               {"server/cli"},
	"server/cli":           slices.Concat(domain, []string{"api", "server/app", "server/config"}),
	"server/app":           slices.Concat(domain, []string{"api", "repo", "server/admin", "server/api", "server/breached", "server/config", "server/password", "server/problem", "server/reqctx", "server/token", "server/web"}),
	"server/config":        {"server/password"}, // for the names of the hashers
	"server/api":           slices.Concat(domain, []string{"gen", "server/problem", "server/reqctx"}),
	"server/admin":         slices.Concat(domain, []string{"server/problem", "server/reqctx"}),
	"server/problem":       {"server/auth", "server/reqctx"},
	"server/reqctx":        {"server/auth"},
	"server/auth":          {},
	"server/auth/accounts": {"server/auth"},
	"server/auth/audit":    {"server/auth"},
	"server/auth/keys":     {"server/auth"},
	"server/auth/signin":   {"server/auth"},
	"server/password":      {"server/auth", "server/auth/accounts", "server/auth/signin"},
	"server/breached":      {"server/auth/accounts"},
	"server/token":         {"server/auth"},
	"server/web":           {},
	"repo":                 slices.Concat(domain, []string{"repo/lists"}),
	"repo/lists":           {"server/auth"},
}

// livesIn says where a library, or all below a path, may be imported.
var livesIn = map[string][]string{
	"github.com/gin-gonic/gin":      {"server/api", "gen"},
	"github.com/getkin/kin-openapi": {"server/api", "gen"},
	"github.com/oapi-codegen":       {"server/api", "gen"},
	"github.com/uptrace/bun":        {"repo", "repo/lists"},
	"github.com/jackc/pgx":          {"repo"},
	"modernc.org/sqlite":            {"repo"},
	"database/sql":                  {"repo"},
	"github.com/golang-jwt/jwt":     {"api/accesstoken", "server/token"},
	"golang.org/x/crypto":           {"server/password"},
	"github.com/spf13":              {"server/cli", "server/config"},
	"github.com/swaggest/swgui":     {"server/web"},
	"net/http":                      {"api/accesstoken", "server/admin", "server/api", "server/app", "server/breached", "server/cli", "server/problem", "server/web", "gen"},
	"github.com/go-json-experiment": {"server/api", "server/token"},
	"github.com/dustin/go-humanize": {"server/admin"},
	"github.com/mileusna":           {"server/auth"},
	"github.com/KimMachineGun":      {"server/app"},
	"golang.org/x/sync":             {"server/password"},
}

func TestImportsFollowThePlan(t *testing.T) {
	t.Parallel()
	found := importsOf(t, "api", "gen", "server", "repo")
	for pkg, imports := range found {
		if _, planned := mayImport[pkg]; !planned {
			t.Errorf("%s is not in the plan: add it to mayImport, and to the map in CONTRIBUTING.md", pkg)
		}
		for _, path := range imports {
			if own, ours := strings.CutPrefix(path, module); ours && !slices.Contains(mayImport[pkg], own) {
				t.Errorf("%s must not import %s", pkg, own)
			}
			for library, homes := range livesIn {
				if (path == library || strings.HasPrefix(path, library+"/")) && !slices.Contains(homes, pkg) {
					t.Errorf("%s must not import %s, which lives in %v", pkg, path, homes)
				}
			}
		}
	}
	for pkg := range mayImport {
		if found[pkg] == nil {
			t.Errorf("%s is in the plan and not in the house", pkg)
		}
	}
}

// importsOf reads what each package below the roots imports, tests aside.
func importsOf(t *testing.T, roots ...string) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	for _, root := range roots {
		err := filepath.WalkDir(filepath.Join("..", root), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			pkg := filepath.ToSlash(strings.TrimPrefix(filepath.Dir(path), ".."+string(filepath.Separator)))
			if pkg == "repo/repotest" || pkg == "server/auth/authtest" { // tests in all but name
				return nil
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
			if err != nil {
				return err
			}
			if found[pkg] == nil {
				found[pkg] = []string{}
			}
			for _, spec := range file.Imports {
				imported, err := strconv.Unquote(spec.Path.Value)
				if err != nil {
					return err
				}
				found[pkg] = append(found[pkg], imported)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}
