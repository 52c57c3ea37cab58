package repo

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"
)

// lookup is words that are looked up together in an index; ids and byID are as in test.
type lookup struct {
	words     []string
	ids, byID schema.QueryAppender
}

// contains asks for words, as they are, each in any of the columns that are searched.
func (l listing[R, T]) contains(s *Store, words []string) schema.QueryAppender {
	operator := " LIKE "
	if s.isPostgres() {
		operator = " ILIKE "
	}
	var all []schema.QueryAppender
	for _, word := range words {
		var sql []string
		var args []any
		for _, column := range l.search {
			sql = append(sql, column+operator+`? ESCAPE '\'`)
			args = append(args, patternOf(word))
		}
		all = append(all, bun.SafeQuery("("+strings.Join(sql, " OR ")+")", args...))
	}
	return allOf(all)
}

// patternOf is for LIKE … ESCAPE '\'.
func patternOf(word string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(word) + "%"
}

// maxShort is how many short words are looked up: each is by itself.
const maxShort = 4

// userLookups looks words up in latchkey_user_search.
func userLookups(ctx context.Context, s *Store, words []string) ([]lookup, error) {
	if s.isPostgres() {
		var sql []string
		var args []any
		for _, word := range words {
			sql = append(sql, `text LIKE lower(?) ESCAPE '\'`)
			args = append(args, patternOf(word))
		}
		has := bun.SafeQuery(strings.Join(sql, " AND "), args...)
		return []lookup{{
			words: words,
			ids:   bun.SafeQuery("SELECT id FROM latchkey_user_search WHERE ?", has),
			byID:  bun.SafeQuery("EXISTS (SELECT 1 FROM latchkey_user_search AS x WHERE x.id BETWEEN u.id AND u.id AND ?)", has),
		}}, nil
	}
	// Whoever makes the table anew, as Django's migrations do on SQLite, takes the
	// triggers away that keep the index up to date.
	var triggers int
	err := s.read.NewRaw(`SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'users_user' AND name LIKE 'latchkey_user_search_%'`).Scan(ctx, &triggers)
	if err != nil || triggers < 3 {
		return []lookup{{words: words}}, err
	}
	return trigramLookups(words), nil
}

// trigramLookups looks words up in SQLite's index. It has groups of three characters,
// one for each that an address or name has, the last filled up. So a word of three or
// more is found by its own groups, and a shorter one by those that begin with it.
func trigramLookups(words []string) []lookup {
	var long, quoted, short []string
	for _, word := range words {
		if utf8.RuneCountInString(word) < 3 {
			short = append(short, word)
			continue
		}
		long = append(long, word)
		quoted = append(quoted, `"`+strings.ReplaceAll(word, `"`, `""`)+`"`)
	}
	var lookups []lookup
	if len(long) > 0 {
		ids := bun.SafeQuery("SELECT rowid AS id FROM latchkey_user_search WHERE latchkey_user_search MATCH ?", strings.Join(quoted, " AND "))
		lookups = append(lookups, lookup{words: long, ids: ids})
	}
	for i, word := range short {
		if i == maxShort {
			return append(lookups, lookup{words: short[i:]})
		}
		from := strings.ToLower(word) // as the index has it
		ids := bun.SafeQuery("SELECT DISTINCT doc AS id FROM latchkey_user_search_part WHERE term BETWEEN ? AND ?", from, from+string(unicode.MaxRune))
		lookups = append(lookups, lookup{words: []string{word}, ids: ids})
	}
	return lookups
}
