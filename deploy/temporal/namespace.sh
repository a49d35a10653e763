#!/bin/sh
# Makes the namespace that pawl works in, unless it is there. Address and namespace come from TEMPORAL_ADDRESS and
# TEMPORAL_NAMESPACE.
set -eu

temporal operator cluster health
temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention 30d
