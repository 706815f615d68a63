/** Flags that several commands share: their types, and their words in help. */
export interface OutputFlags {
  json?: boolean;
  quiet?: boolean;
  verbose?: boolean;
}

/** `verbose` is read off the command line by the error's rendering; it stands here to be accepted and explained. */
export const outputFlags = {
  json: { kind: "boolean", optional: true, withNegated: false, brief: "Print the result as JSON" },
  quiet: { kind: "boolean", optional: true, withNegated: false, brief: "Say nothing but results and errors" },
  verbose: { kind: "boolean", optional: true, withNegated: false, brief: "Add causes and traces to errors" },
} as const;

export interface ProjectFlags {
  profile?: string;
  config?: string;
}

export const projectFlags = {
  profile: {
    kind: "parsed",
    parse: String,
    optional: true,
    placeholder: "name",
    brief: "Profile of mlforge.yaml to use; else MLFORGE_PROFILE, else its default_profile",
  },
  config: {
    kind: "parsed",
    parse: String,
    optional: true,
    placeholder: "file",
    brief: "An mlforge.yaml elsewhere than here or above",
  },
} as const;
