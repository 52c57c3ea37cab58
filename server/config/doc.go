// Package config reads latchkey's settings, once, into one struct. Every setting
// is a flag and an environment variable; a secret is an environment variable
// alone, since everybody on a machine can read its command lines.
//
//	config.go     the struct
//	settings.go   each setting: its name, its default, how it is read, what it means
//	guessing.go   those of the limits on guessing
//	secret.go     what a secret key must not be
//	leaked.go     secrets that anybody can read
//	measure.go    how random a text looks
//	unknown.go    telling of variables that are no setting
//	load.go       reading them all, and telling every fault at once
package config
