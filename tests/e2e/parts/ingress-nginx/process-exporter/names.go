// Package common has as much of the module of this name as the ingress controller compiles against. The
// module itself cannot be had from the module proxy any more; the controller only counts nginx's processes
// with it, for a metric that the tests never read.
package common

// ProcAttributes describes a process to a MatchNamer.
type ProcAttributes struct {
	Name    string
	Cmdline []string
}

// MatchNamer says which processes are counted, and under which name.
type MatchNamer interface {
	MatchAndName(ProcAttributes) (matches bool, name string)
	String() string
}
