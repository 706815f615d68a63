import type { CliContext } from "./context.ts";

/** Adds to the summary page of GitHub's job, where there is one. */
export async function writeSummary(context: CliContext, page: string): Promise<void> {
  const file = context.env("GITHUB_STEP_SUMMARY") ?? "";
  if (file === "") return;
  try {
    await Deno.writeTextFile(file, page, { append: true });
  } catch {
    // What is published stays published: a page that can't be written is no failed build.
    context.err(`Can't write the summary to GITHUB_STEP_SUMMARY, "${file}".\n`);
  }
}
