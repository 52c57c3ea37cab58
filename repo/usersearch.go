package repo

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/uptrace/bun"

	"github.com/latchkey-auth/latchkey/repo/lists"
)

// userIndex is the [lists.Index] of latchkey_user_search.
func userIndex(ctx context.Context, pool *bun.DB, terms []string) ([]lists.Lookup, error) {
	if dialectOf(pool).Postgres {
		return []lists.Lookup{textLookup(terms)}, nil
	}
	// Whoever makes the table anew, as Django's migrations do on SQLite, takes the
	// triggers away that keep the index up to date.
	var triggers int
	err := pool.NewRaw(`SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'users_user' AND name LIKE 'latchkey_user_search_%'`).Scan(ctx, &triggers)
	if err != nil || triggers < 3 {
		return []lists.Lookup{{Terms: terms}}, err
	}
	return trigramLookups(terms), nil
}

// textLookup looks terms up in PostgreSQL's table, whose index is one of pg_trgm.
func textLookup(terms []string) lists.Lookup {
	var sql []string
	var args []any
	for _, term := range terms {
		sql = append(sql, `text LIKE lower(?) ESCAPE '\'`)
		args = append(args, lists.PatternOf(term))
	}
	has := bun.SafeQuery(strings.Join(sql, " AND "), args...)
	return lists.Lookup{
		Terms: terms,
		IDs:   bun.SafeQuery("SELECT id FROM latchkey_user_search WHERE ?", has),
		Probe: bun.SafeQuery("EXISTS (SELECT 1 FROM latchkey_user_search AS x WHERE x.id BETWEEN u.id AND u.id AND ?)", has),
	}
}

// maxShort is how many short terms are looked up: each is by itself.
const maxShort = 4

// trigramLookups looks terms up in SQLite's index. It has groups of three characters,
// one for each that an address or name has, the last filled up. So a term of three or
// more is found by its own groups, and a shorter one by those that begin with it.
func trigramLookups(terms []string) []lists.Lookup {
	var long, quoted, short []string
	for _, term := range terms {
		if utf8.RuneCountInString(term) < 3 {
			short = append(short, term)
			continue
		}
		long = append(long, term)
		quoted = append(quoted, `"`+strings.ReplaceAll(term, `"`, `""`)+`"`)
	}
	var lookups []lists.Lookup
	if len(long) > 0 {
		ids := bun.SafeQuery("SELECT rowid AS id FROM latchkey_user_search WHERE latchkey_user_search MATCH ?", strings.Join(quoted, " AND "))
		lookups = append(lookups, lists.Lookup{Terms: long, IDs: ids})
	}
	for i, term := range short {
		if i == maxShort {
			return append(lookups, lists.Lookup{Terms: short[i:]})
		}
		from := strings.ToLower(term) // as the index has it
		ids := bun.SafeQuery("SELECT DISTINCT doc AS id FROM latchkey_user_search_part WHERE term BETWEEN ? AND ?", from, from+string(unicode.MaxRune))
		lookups = append(lookups, lists.Lookup{Terms: []string{term}, IDs: ids})
	}
	return lookups
}
