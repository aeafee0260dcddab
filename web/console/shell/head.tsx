/** The head of a page: what it is, what it is for, and what can be done here. */
import { ArrowLeftOutlined } from "@ant-design/icons";
import { Flex, Typography } from "antd";
import type { ReactNode } from "react";
import { Link } from "react-router";

export function Head({ title, about, back, children }: { title: ReactNode; about?: string; back?: { to: string; label: string }; children?: ReactNode }) {
  return (
    <header style={{ marginBottom: 16 }}>
      {back && (
        <Link to={back.to}>
          <ArrowLeftOutlined aria-hidden /> {back.label}
        </Link>
      )}
      <Flex justify="space-between" align="start" wrap gap={12}>
        <Typography.Title level={1} style={{ fontSize: 26, margin: 0, overflowWrap: "anywhere" }}>
          {title}
        </Typography.Title>
        {children !== undefined && (
          <Flex gap={8} wrap>
            {children}
          </Flex>
        )}
      </Flex>
      {about !== undefined && (
        <Typography.Paragraph type="secondary" style={{ margin: "4px 0 0", maxWidth: 760 }}>
          {about}
        </Typography.Paragraph>
      )}
    </header>
  );
}

/** A part of a page under a heading of its own. */
export function Part({ title, extra, children }: { title: string; extra?: ReactNode; children: ReactNode }) {
  return (
    <section style={{ marginTop: 24 }} aria-label={title}>
      <Flex justify="space-between" align="center" wrap gap={8} style={{ marginBottom: 8 }}>
        <Typography.Title level={2} style={{ fontSize: 18, margin: 0 }}>
          {title}
        </Typography.Title>
        {extra}
      </Flex>
      {children}
    </section>
  );
}
