import { findServer } from "../../scripts/servers.ts";
import { S3_KEYS, type TestServer } from "./servers.ts";

/** The rights of docs/stores.md: what reading takes, and what publishing takes. */
export const READING = ["s3:GetObject", "s3:ListBucket"] as const;
export const PUBLISHING = [...READING, "s3:PutObject", "s3:DeleteObject"] as const;

export interface S3User {
  /** What an environment needs for being this user. */
  env: { AWS_ACCESS_KEY_ID: string; AWS_SECRET_ACCESS_KEY: string };
}

/** A statement of a policy, as docs/stores.md has them. */
export interface Statement {
  Effect: string;
  Action: string | readonly string[];
  Resource: string;
  Condition?: object;
}

/**
 * A new user of versitygw, who may do these actions in a bucket, or what these statements say, and nothing else. It replaces
 * the bucket's policy.
 */
export async function makeS3User(
  { endpoint }: TestServer,
  bucket: string,
  rights: readonly string[] | readonly Statement[],
  { access, secret } = { access: `user-${crypto.randomUUID()}`, secret: `secret-${crypto.randomUUID()}` },
): Promise<S3User> {
  await admin(endpoint, "create-user", "--access", access, "--secret", secret, "--role", "user");
  const { S3Client, PutBucketPolicyCommand } = await import("@aws-sdk/client-s3");
  const client = new S3Client({ endpoint, forcePathStyle: true, region: "us-east-1", credentials: S3_KEYS });
  const Statement = rights.flatMap((right) => typeof right === "string" ? allow(bucket, right) : right).map((
    statement,
  ) => ({ ...statement, Principal: [access] }));
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement });
  await client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
  client.destroy();
  return { env: { AWS_ACCESS_KEY_ID: access, AWS_SECRET_ACCESS_KEY: secret } };
}

/** A policy that asks for an object's action on a bucket is no valid one, nor the other way round. */
function allow(bucket: string, action: string): Statement {
  const objects = action === "s3:ListBucket" ? "" : "/*";
  return { Effect: "Allow", Action: action, Resource: `arn:aws:s3:::${bucket}${objects}` };
}

async function admin(endpoint: string, ...args: string[]): Promise<void> {
  const { accessKeyId, secretAccessKey } = S3_KEYS;
  const path = await findServer("versitygw");
  if (path === undefined) throw new Error("versitygw is not installed");
  const keys = ["--access", accessKeyId, "--secret", secretAccessKey, "--endpoint-url", endpoint];
  const { success, stdout, stderr } = await new Deno.Command(path, { args: ["admin", ...keys, ...args] })
    .output();
  if (!success) throw new Error(new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr));
}
