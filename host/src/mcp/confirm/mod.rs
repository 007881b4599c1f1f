//! Consent to what cannot be undone. It goes by the tool's effect, so no plugin can forget it.
//!
//! | the client | what happens |
//! |---|---|
//! | 2026-07-28, declares elicitation | the call is answered by a question; the client repeats it with its user's reply |
//! | older, with a session, declares elicitation | the question is sent while the call waits |
//! | cannot ask | the call must carry `confirm: true`, and says so when it does not |
//!
//! Where the client can ask, `confirm` alone does not do: a model can set an argument, a user's reply it can not.
//! The question is bound to the very call: the state that comes back with the reply is sealed (HMAC), holds for
//! [`VALID_FOR`], and opens only for the same caller, tool and arguments. The key is made at start, so after a
//! restart the user is asked again; nothing is remembered between the two requests.

mod question;

use std::time::Duration;

use rmcp::ErrorData as McpError;
use rmcp::RoleServer;
use rmcp::model::CallToolRequestParams;
use rmcp::model::ClientResult;
use rmcp::model::ElicitRequest;
use rmcp::model::ElicitRequestParams;
use rmcp::model::InputRequests;
use rmcp::model::InputRequiredResult;
use rmcp::model::ProtocolVersion;
use rmcp::model::RequestStateCodec;
use rmcp::model::SealOptions;
use rmcp::model::ServerRequest;
use rmcp::service::RequestContext;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

pub(super) use self::question::Consent;
use self::question::binding;
use self::question::declined;
use self::question::judge;
use self::question::question;
use self::question::unconfirmed;
use super::tools::CONFIRM;
use super::tools::takes_confirmation;
use crate::plugin::Effect;
use crate::plugin::Tool;
use crate::tenant::Caller;

/// Time for a person to come back and decide.
const VALID_FOR: Duration = Duration::from_secs(600);
/// The name of our one question among the inputs that a client may be asked for.
const QUESTION: &str = "confirm";

/// Asks for consent, and recognises it.
pub(super) struct Confirmations {
    seal: RequestStateCodec,
}

impl Confirmations {
    /// With a key of this process alone.
    pub(super) fn new() -> Result<Self, McpError> {
        let mut key = vec![0_u8; RequestStateCodec::MIN_KEY_LENGTH];
        rustls::crypto::ring::default_provider()
            .secure_random
            .fill(&mut key)
            .map_err(|_| McpError::internal_error("the system gives no randomness", None))?;
        let seal = RequestStateCodec::try_new(key).map_err(|error| McpError::internal_error(error.to_string(), None))?;
        Ok(Self { seal })
    }

    /// Decides about one call.
    pub(super) async fn consent(
        &self,
        caller: &Caller,
        tool: &Tool,
        request: CallToolRequestParams,
        context: &RequestContext<RoleServer>,
    ) -> Consent {
        let mut arguments = request.arguments.unwrap_or_default();
        if tool.effect != Effect::Destructive {
            return Consent::Given(arguments);
        }
        let confirmed = arguments.get(CONFIRM) == Some(&Value::Bool(true));
        if takes_confirmation(tool) {
            arguments.remove(CONFIRM);
        }
        match Asking::of(context) {
            Asking::Cannot if confirmed => Consent::Given(arguments),
            Asking::Cannot => Consent::Refused(Box::new(unconfirmed(tool))),
            Asking::ByAnswer => {
                let reply = request.input_responses.and_then(|mut replies| replies.remove(QUESTION));
                match (reply, request.request_state) {
                    (Some(reply), Some(state)) if self.is_about(&state, caller, tool, &arguments) => judge(reply, tool, arguments),
                    // No reply yet, or one to another question: ask (again).
                    _ => self.ask(caller, tool, &arguments),
                }
            }
            Asking::ByRequest => match question(tool, &arguments) {
                Some(question) => match send(question, context).await {
                    Some(reply) => judge(reply, tool, arguments),
                    None => Consent::Refused(Box::new(declined(tool, "the client did not put the question to its user"))),
                },
                None => Consent::Refused(Box::new(unconfirmed(tool))),
            },
        }
    }

    fn ask(&self, caller: &Caller, tool: &Tool, arguments: &Map<String, Value>) -> Consent {
        let options = SealOptions::new().ttl(VALID_FOR);
        let binding = binding(caller, tool, arguments);
        let state = self.seal.seal_with(&[], &options.associated_data(&binding));
        let requests = question(tool, arguments).and_then(|params| {
            let request = json!({"method": "elicitation/create", "params": params});
            serde_json::from_value::<InputRequests>(json!({ QUESTION: request })).ok()
        });
        match requests {
            Some(requests) => Consent::Ask(Box::new(InputRequiredResult::new(Some(requests), Some(state)))),
            None => Consent::Refused(Box::new(unconfirmed(tool))),
        }
    }

    fn is_about(&self, state: &str, caller: &Caller, tool: &Tool, arguments: &Map<String, Value>) -> bool {
        self.seal.open_with(state, &binding(caller, tool, arguments)).is_ok()
    }
}

/// How the client's user can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asking {
    ByAnswer,
    ByRequest,
    Cannot,
}

impl Asking {
    fn of(context: &RequestContext<RoleServer>) -> Self {
        let elicitation = context.client_capabilities().and_then(|capabilities| capabilities.elicitation);
        // A client that opens web pages only can not show a form. Before URLs existed, form was what it meant.
        let form = elicitation.is_some_and(|can| can.form.is_some() || can.url.is_none());
        let stateless = context.protocol_version().is_some_and(|version| version >= ProtocolVersion::V_2026_07_28);
        match (form, stateless) {
            (false, _) => Self::Cannot,
            (true, true) => Self::ByAnswer,
            (true, false) => Self::ByRequest,
        }
    }
}

async fn send(params: ElicitRequestParams, context: &RequestContext<RoleServer>) -> Option<Value> {
    let request = ServerRequest::ElicitRequest(ElicitRequest::new(params));
    let asked = tokio::time::timeout(VALID_FOR, context.peer.send_request(request));
    match asked.await {
        Ok(Ok(ClientResult::ElicitResult(reply))) => serde_json::to_value(reply).ok(),
        Ok(Ok(_) | Err(_)) | Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tenant::scripted::catalogue;

    fn tool() -> Tool {
        catalogue().get("drop_thing").unwrap().clone()
    }

    fn caller(user: &str) -> Caller {
        let tenant = crate::tenant::scripted::tenant(crate::tenant::scripted::Script::default());
        Caller::new(tenant, user.into(), crate::tenant::Rights::default())
    }

    fn arguments(name: &str) -> Map<String, Value> {
        Map::from_iter([("name".to_owned(), json!(name))])
    }

    #[test]
    fn a_state_opens_only_for_the_call_it_was_made_for() {
        let confirmations = Confirmations::new().unwrap();
        let ada = caller("ada");
        let Consent::Ask(asked) = confirmations.ask(&ada, &tool(), &arguments("a")) else { panic!() };
        let state = asked.request_state.unwrap();
        assert!(confirmations.is_about(&state, &ada, &tool(), &arguments("a")));
        assert!(!confirmations.is_about(&state, &ada, &tool(), &arguments("b")));
        assert!(!confirmations.is_about(&state, &caller("bob"), &tool(), &arguments("a")));
        assert!(!confirmations.is_about(&state, &ada, catalogue().get("add_thing").unwrap(), &arguments("a")));
        assert!(!confirmations.is_about("rs1.e30.e30", &ada, &tool(), &arguments("a")));
        assert!(!Confirmations::new().unwrap().is_about(&state, &ada, &tool(), &arguments("a")));
    }
}
