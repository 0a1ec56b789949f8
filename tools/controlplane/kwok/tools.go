//go:build tools

// Package controlplane pins kwok, which stands in for kubelets; nothing imports it.
package controlplane

import _ "sigs.k8s.io/kwok/cmd/kwok"
