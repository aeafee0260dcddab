/** One thing from several sides, each with an address of its own: links, so that they work as links do. */
import "./rows.css";
import { type ReactNode, useEffect, useRef } from "react";
import { Link, useSearchParams } from "react-router";
import { t } from "../../kit/words";

export interface Side {
  readonly key: string;
  readonly label: string;
  readonly children: ReactNode;
}

export function Sides({ sides }: { sides: readonly Side[] }) {
  const [asked] = useSearchParams();
  const shown = sides.find((each) => each.key === asked.get("tab")) ?? sides[0];
  const strip = useRef<HTMLElement>(null);
  // On a phone the strip is longer than the window: what is chosen may stand outside of it.
  useEffect(() => {
    strip.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [shown?.key]);
  return (
    <>
      <nav ref={strip} className="sides" aria-label={t("console.sides")}>
        {sides.map((each) => (
          <Link key={each.key} to={`?tab=${each.key}`} replace aria-current={each === shown ? "page" : undefined}>
            {each.label}
          </Link>
        ))}
      </nav>
      {shown?.children}
    </>
  );
}
