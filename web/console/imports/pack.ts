/** A file as it is sent: pressed together, in letters. */
import type { Shapes } from "../../client";

export async function pack(file: File): Promise<Shapes["ImportFile"]> {
  const pressed = await new Response(file.stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer();
  return { name: file.name, content: toLetters(new Uint8Array(pressed)), is_gzipped: true };
}

const PART = 0x8000;

function toLetters(bytes: Uint8Array): string {
  let text = "";
  for (let start = 0; start < bytes.length; start += PART) text += String.fromCharCode(...bytes.subarray(start, start + PART));
  return btoa(text);
}
