/** A member's own data: a copy to take along, and being forgotten. */
import { useQuery } from "@tanstack/react-query";
import { Alert, Button, Flex } from "antd";
import { DownloadOutlined } from "@ant-design/icons";
import { useState } from "react";
import { api, ask, type Shapes } from "../../client";
import { count } from "../../kit/format";
import { t } from "../../kit/words";
import { Asked } from "../shell/asked";
import { Part } from "../shell/head";
import { useNames } from "../shell/names";
import { useMay } from "../shell/session";
import { Dialog, useWrite } from "../shell/write";

type Member = Shapes["MemberView"];

export function Privacy({ member }: { member: Member }) {
  const mayExport = useMay("members:export");
  const mayErase = useMay("privacy:erase");
  return (
    <>
      {mayExport && (
        <Part title={t("members.file")}>
          <p>{t("members.file.about")}</p>
          <Flex gap={8} wrap>
            <Button icon={<DownloadOutlined aria-hidden />} href={`/v1/members/${member.id}/file`} download={`${member.id}.json`}>
              {t("members.file.json")}
            </Button>
            <Button icon={<DownloadOutlined aria-hidden />} href={`/v1/members/${member.id}/file.csv`} download={`${member.id}.csv`}>
              {t("console.csv")}
            </Button>
          </Flex>
        </Part>
      )}
      {mayErase && member.state !== "erased" && <Erasing member={member.id} />}
    </>
  );
}

function Erasing({ member }: { member: string }) {
  const names = useNames();
  const [asked, setAsked] = useState(false);
  const query = useQuery({
    queryKey: ["member", member, "erasure"],
    queryFn: () => ask(api.GET("/v1/members/{member}/erasure", { params: { path: { member } } })),
    enabled: asked,
    staleTime: 0,
  });
  const write = useWrite(
    () => ask(api.POST("/v1/members/{member}/erasure", { params: { path: { member } }, body: { confirm: query.data?.confirm ?? "" } })),
    { touches: [["member"], ["members"]], said: t("members.erase.done"), done: () => setAsked(false) },
  );
  return (
    <Part title={t("members.erase")}>
      <p>{t("members.erase.about")}</p>
      <Button danger onClick={() => setAsked(true)}>
        {t("members.erase.look")}
      </Button>
      <Dialog<object> open={asked} title={t("members.erase.title")} close={() => setAsked(false)} write={write} go={t("members.erase.go")} danger>
        <Asked query={query}>
          {(lost) => (
            <>
              {lost.under_legal_hold && <Alert type="warning" showIcon title={t("members.erase.held")} />}
              <p>{t("members.erase.lost")}</p>
              <ul>
                {lost.currencies.map((each) => (
                  <li key={each.currency}>
                    {`${count(each.points)} ${names.currency(each.currency)}`}
                    {each.worth_minor !== null && ` (${names.amount(each.worth_minor)})`}
                  </li>
                ))}
                {lost.others.map((each) => (
                  <li key={each.what + each.name}>
                    <bdi>{`${each.name} × ${count(each.count)}`}</bdi>
                  </li>
                ))}
              </ul>
            </>
          )}
        </Asked>
      </Dialog>
    </Part>
  );
}
