/** The camera as a scanner, where the browser reads codes by itself. */
import { useEffect, useRef, useState } from "react";
import { t } from "../../kit/words";
import { Button, Failed } from "../till/parts";

interface Detector {
  detect(from: HTMLVideoElement): Promise<readonly { readonly rawValue: string }[]>;
}
type Makes = new (options: { formats: readonly string[] }) => Detector;
const LOOK_MS = 150;

const makes = (): Makes | undefined => (window as unknown as { BarcodeDetector?: Makes }).BarcodeDetector;
export const canScan = (): boolean => makes() !== undefined && "mediaDevices" in navigator;

export function Scanner({ found, onClose }: { found: (code: string) => void; onClose: () => void }) {
  const video = useRef<HTMLVideoElement>(null);
  const [error, setError] = useState<unknown>(undefined);
  useEffect(() => {
    const Made = makes();
    const shown = video.current;
    if (Made === undefined || shown === null) return;
    const detector = new Made({ formats: ["qr_code", "ean_13", "code_128"] });
    let stream: MediaStream | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;
    const look = async () => {
      const [code] = await detector.detect(shown);
      if (isOver) return;
      if (code === undefined) timer = setTimeout(() => void look().catch(setError), LOOK_MS);
      else found(code.rawValue);
    };
    const begin = async () => {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      shown.srcObject = stream;
      await shown.play();
      await look();
    };
    begin().catch((thrown: unknown) => setError(thrown));
    return () => {
      isOver = true;
      clearTimeout(timer);
      for (const track of stream?.getTracks() ?? []) track.stop();
    };
  }, [found]);
  return (
    <div className="scanner">
      <video ref={video} muted playsInline aria-label={t("register.scan.about")} />
      {error !== undefined && <Failed error={error} />}
      <Button onClick={onClose}>{t("register.close")}</Button>
    </div>
  );
}
