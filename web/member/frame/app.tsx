/** The frame of the app: who is signed in, five tabs, and a screen. */
import { Component, Suspense, type ReactNode } from "react";
import { Link, Route, Router, Switch, useRoute } from "wouter";
import { t, useLanguage } from "../../kit/words";
import { Glyph, type Drawn } from "./glyphs";
import { isSignedOut, refresh, useLoaded } from "./loaded";
import { Empty, Failed, Screen } from "./parts";
import { Again, Entry, routes } from "./screens";
import { loadMine, Signed } from "./session";

const TABS: readonly (readonly [string, Drawn, string])[] = [
  ["/", "card", "member.tab.card"],
  ["/offers", "star", "member.tab.offers"],
  ["/rewards", "gift", "member.tab.rewards"],
  ["/activity", "list", "member.tab.activity"],
  ["/mine", "person", "member.tab.mine"],
];

export function App() {
  useLanguage();
  const mine = useLoaded("me", loadMine);
  const isOut = isSignedOut(mine.error);
  if (mine.data === undefined && isOut)
    return (
      <Waiting>
        <Entry />
      </Waiting>
    );
  if (mine.data === undefined) return <div className="app">{mine.error === undefined ? <Skeleton /> : <Failed error={mine.error} again={refresh} />}</div>;
  return (
    <Signed value={mine.data}>
      <Router base="/member">
        <div className="app">
          <main>
            <Waiting>
              <Switch>
                {routes.map(([path, Shown]) => (
                  <Route key={path} path={path} component={Shown} />
                ))}
                <Route>
                  <Screen title={t("member.unknown")} back="/">
                    <Empty>{t("member.unknown.about")}</Empty>
                  </Screen>
                </Route>
              </Switch>
            </Waiting>
          </main>
          <nav className="tabs" aria-label={t("member.menu")}>
            {TABS.map(([path, drawn, key]) => (
              <Tab key={path} path={path} drawn={drawn} name={key} />
            ))}
          </nav>
        </div>
      </Router>
      {isOut && (
        <Waiting>
          <Again />
        </Waiting>
      )}
    </Signed>
  );
}

function Tab({ path, drawn, name }: { path: string; drawn: Drawn; name: string }) {
  const [isHere] = useRoute(path);
  return (
    <Link href={path} aria-current={isHere ? "page" : undefined}>
      <Glyph of={drawn} />
      {t(name)}
    </Link>
  );
}

const Skeleton = () => <p className="skeleton tall" role="status" aria-label={t("member.loading")} />;
const Waiting = ({ children }: { children: ReactNode }) => (
  <Fence>
    <Suspense fallback={<Skeleton />}>{children}</Suspense>
  </Fence>
);

/** What breaks a screen leaves the rest: the way out of it is still there. */
class Fence extends Component<{ children: ReactNode }, { error: unknown }> {
  override state = { error: undefined as unknown };
  static getDerivedStateFromError = (error: unknown) => ({ error });
  override render() {
    return this.state.error === undefined ? this.props.children : <Failed error={this.state.error} again={() => location.reload()} />;
  }
}
