// Command kpt has kpt's commands for functions, `kpt fn`, and no others: the module proxy lacks a module that
// the rest of kpt is built with.
package main

import (
	"context"
	"os"

	"github.com/kptdev/kpt/commands/fn"
	"github.com/kptdev/kpt/pkg/printer"
	"github.com/spf13/cobra"
	"k8s.io/component-base/cli"
)

func main() {
	ctx := printer.WithContext(context.Background(), printer.New(os.Stdout, os.Stderr))
	root := &cobra.Command{Use: "kpt", SilenceUsage: true}
	root.AddCommand(fn.GetCommand(ctx, root.Use))
	os.Exit(cli.Run(root))
}
