//! How a request on the phone can come to nothing, told once for everybody who hears of it: the login page, the phone, the
//! phone API and the service.

use crate::push::Ending;

/// What each of them is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Words {
    /// Stable code.
    pub code: &'static str,
    /// Headline of the login page.
    pub title: &'static str,
    /// What happened, on the login page.
    pub message: &'static str,
    /// What to do next, on the login page.
    pub help: &'static str,
    /// Headline of the phone.
    pub phone_title: &'static str,
    /// What happened, on the phone.
    pub phone_message: &'static str,
    /// `error_description` for the service.
    pub for_service: &'static str,
}

impl Ending {
    /// The words for this ending.
    #[must_use]
    pub(crate) fn words(self) -> Words {
        match self {
            Self::Expired => Words {
                code: "SBX-EXPIRED",
                title: "Délai dépassé",
                message: "Votre demande d'authentification a expiré : elle n'a pas été validée à temps sur votre téléphone.",
                help: "Recommencez, puis validez la demande sur votre téléphone avant la fin du décompte.",
                phone_title: "Demande expirée",
                phone_message: "La demande n'a pas été validée à temps. Recommencez depuis l'ordinateur.",
                for_service: "the request on the phone expired",
            },
            Self::NotMe => Words {
                code: "SBX-REFUSED",
                title: "Authentification refusée",
                message: "La demande d'authentification a été refusée sur le téléphone : la personne a indiqué ne pas en être à l'origine.",
                help: "Si ce refus était une erreur, retournez sur le site du service et recommencez.",
                phone_title: "Demande refusée",
                phone_message: "Vous avez indiqué ne pas être à l'origine de cette demande. La connexion n'a pas eu lieu.",
                for_service: "the person refused the request on the phone",
            },
            Self::WrongNumber => Words {
                code: "SBX-WRONG-NUMBER",
                title: "Authentification refusée",
                message: "Le nombre choisi sur le téléphone n'est pas celui qui était affiché sur cette page.",
                help: "Retournez sur le site du service et recommencez, en gardant cette page sous les yeux.",
                phone_title: "Mauvais nombre",
                phone_message: "Le nombre choisi n'est pas celui affiché sur l'ordinateur. La connexion n'a pas eu lieu.",
                for_service: "another number was chosen on the phone",
            },
            Self::WrongPin => Words {
                code: "SBX-WRONG-PIN",
                title: "Authentification refusée",
                message: "Trop de codes PIN erronés ont été saisis sur le téléphone.",
                help: "Retournez sur le site du service et recommencez. Si le code PIN est oublié, supprimez puis réactivez la e-CPS.",
                phone_title: "Code PIN erroné",
                phone_message: "Trop de codes PIN erronés. La demande est terminée ; recommencez depuis l'ordinateur.",
                for_service: "too many wrong PINs on the phone",
            },
            Self::Quit => Words {
                code: "SBX-QUIT",
                title: "Authentification quittée",
                message: "Vous avez quitté l'authentification. La demande envoyée au téléphone est annulée.",
                help: "Retournez sur le site du service pour recommencer.",
                phone_title: "Demande annulée",
                phone_message: "L'authentification a été quittée sur l'ordinateur.",
                for_service: "the person left the login page",
            },
            Self::Deleted => Words {
                code: "SBX-DELETED",
                title: "e-CPS supprimée",
                message: "La e-CPS a été supprimée du téléphone pendant que la demande attendait. La connexion n'a pas eu lieu.",
                help: "Activez à nouveau votre e-CPS, puis retournez sur le site du service et recommencez.",
                phone_title: "e-CPS supprimée",
                phone_message: "La e-CPS a été supprimée de ce téléphone ; la demande ne peut plus être validée.",
                for_service: "the e-CPS was deleted from the phone",
            },
        }
    }
}
