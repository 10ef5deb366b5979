// Reads set-ups, one a line, and says what Go's crypto/x509 makes of the client of each, as crypto/tls asks it.
package main

import (
	"bufio"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"time"
)

type setup struct {
	Bundle, Chain []string
	Now           int64
}

func certificates(all []string) (parsed []*x509.Certificate) {
	for _, text := range all {
		block, _ := pem.Decode([]byte(text))
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			panic(err)
		}
		parsed = append(parsed, certificate)
	}
	return parsed
}

func verify(one setup) error {
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	for _, certificate := range certificates(one.Bundle) {
		roots.AddCert(certificate)
	}
	chain := certificates(one.Chain)
	for _, certificate := range chain[1:] {
		between.AddCert(certificate)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{
		Roots:         roots,
		Intermediates: between,
		CurrentTime:   time.Unix(one.Now, 0),
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	return err
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var one setup
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			panic(err)
		}
		fmt.Println(verify(one))
	}
}
