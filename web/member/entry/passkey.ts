/** Passkeys: the device shows who it is, by a finger or a face. */
import { api, ask } from "../../client";

type Options = Record<string, unknown>;
interface Reads {
  parseCreationOptionsFromJSON(options: Options): PublicKeyCredentialCreationOptions;
  parseRequestOptionsFromJSON(options: Options): PublicKeyCredentialRequestOptions;
}

export const canUsePasskeys = (): boolean => "PublicKeyCredential" in window && "parseRequestOptionsFromJSON" in PublicKeyCredential;
const reads = (): Reads => PublicKeyCredential as unknown as Reads;

/** What the device gave, as the description of the API has it: an object of which it says nothing more. */
function written(credential: Credential | null): Record<string, never> {
  if (credential === null) throw new Error("the device gave no passkey");
  return (credential as PublicKeyCredential).toJSON() as Record<string, never>;
}

async function show(options: Options): Promise<Record<string, never>> {
  return written(await navigator.credentials.get({ publicKey: reads().parseRequestOptionsFromJSON(options) }));
}

/** Gives who has come in. */
export async function signInByPasskey(): Promise<string> {
  const { options } = await ask(api.POST("/v1/entry/passkey/options"));
  const { session } = await ask(api.POST("/v1/entry/passkey", { body: { credential: await show(options as Options), cookie: true } }));
  return session.member;
}

export async function proveByPasskey(): Promise<void> {
  const { options } = await ask(api.POST("/v1/me/step-up/passkey/options"));
  await ask(api.POST("/v1/me/step-up/passkey", { body: { credential: await show(options as Options) } }));
}

export async function addPasskey(name: string): Promise<void> {
  const { options } = await ask(api.POST("/v1/me/passkeys/options"));
  const made = await navigator.credentials.create({ publicKey: reads().parseCreationOptionsFromJSON(options) });
  await ask(api.POST("/v1/me/passkeys", { body: { credential: written(made), name } }));
}
