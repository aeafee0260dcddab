/** One thing, over the page at its side. Its body can be reached, and so scrolled, by keyboard. */
import { Drawer } from "antd";
import type { ReactNode } from "react";

export function Sheet({ open, close, title, children }: { open: boolean; close: () => void; title: ReactNode; children: ReactNode }) {
  return (
    <Drawer open={open} onClose={close} title={title} size={560} destroyOnHidden styles={{ wrapper: { maxWidth: "100vw" } }}>
      <div tabIndex={0}>{children}</div>
    </Drawer>
  );
}
