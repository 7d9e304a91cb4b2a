{{ .Files.Get "manifests/nicclusterpolicy.yaml" }}
